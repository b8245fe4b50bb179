; Instructions that no C code makes, for tests of exceptions and of the entry itself.
bits 32
section .text

global user_cli, user_hlt, user_in, user_break, user_undefined, user_divide, user_step, user_fpu
global user_kernel_segment, user_write_cr0
user_cli:
	cli
	ret
user_hlt:
	hlt
	ret
user_in:
	in al, 0x64
	ret
user_break:
	int3
	ret
user_undefined:
	ud2
	ret
user_divide:
	xor ecx, ecx
	xor edx, edx
	div ecx
	ret
user_step:			; TF: the exception comes after the next instruction
	pushf
	or dword [esp], 0x100
	popf
	nop
	ret
user_fpu:
	fld1
	ret
user_kernel_segment:
	mov eax, 0x10
	mov es, ax
	ret
user_write_cr0:
	xor eax, eax
	mov cr0, eax
	ret

; u32 user_flags_after(u32 flags, struct result *registers): a call with these bits of EFLAGS set,
; made by the instruction chosen; EFLAGS after it.
extern make_call
global user_flags_after
user_flags_after:
	pushf
	pop eax
	or eax, [esp + 4]
	push dword [esp + 8]
	push eax
	popf
	call make_call
	pushf
	pop eax
	add esp, 4
	push 0x202		; whatever is left set, C wants DF clear
	popf
	ret

; u32 user_segments_after(struct result *registers): fs | gs << 16 after a call; both were ss
; before it.
global user_segments_after
user_segments_after:
	push ebx
	mov ebx, [esp + 8]
	mov ax, ss
	mov fs, ax
	mov gs, ax
	push ebx
	call make_call
	add esp, 4
	xor eax, eax
	mov ax, gs
	shl eax, 16
	mov ax, fs
	pop ebx
	ret
