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

; bool user_cpu_has_nx(void): CPUID says that pages can be no code (SDM vol. 2, CPUID).
global user_cpu_has_nx
user_cpu_has_nx:
	push ebx
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	mov eax, 0
	jb .done
	mov eax, 0x80000001
	cpuid
	bt edx, 20
	setc al
	movzx eax, al
.done:
	pop ebx
	ret

; Tells what ecx and edx are, and stays.
extern user_registers_seen
global user_tell_registers
user_tell_registers:
	mov [user_registers_seen], ecx
	mov [user_registers_seen + 4], edx
	jmp $

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

; ---- Trials (trial.h) ----

; u32 user_try(void (*code)(void)): ALL_WELL, or the vector that trial.c puts into eax when it sends
; the thread to user_try_back.  Whatever the code did to registers and segments is undone.
section .bss
saved_esp: resd 1
section .text
global user_try, user_try_back
user_try:
	push ebp
	push ebx
	push esi
	push edi
	mov eax, [esp + 20]
	mov [saved_esp], esp
	call eax
	mov eax, -1
user_try_back:
	mov cx, ss
	mov ds, cx
	mov es, cx
	mov esp, [saved_esp]
	push dword 0x202
	popf
	pop edi
	pop esi
	pop ebx
	pop ebp
	ret

%macro CODE 2+
global user_%1
user_%1:
	%2
	ret
%endmacro

CODE sti, sti
CODE clts, clts
CODE wbinvd, wbinvd
CODE invlpg, invlpg [0]
CODE rdmsr, rdmsr
CODE wrmsr, wrmsr
CODE ltr, ltr ax
CODE lldt, lldt ax
CODE lgdt, lgdt [saved_esp]
CODE lidt, lidt [saved_esp]
CODE lmsw, lmsw ax
CODE read_cr0, mov eax, cr0
CODE write_cr3, mov cr3, eax
CODE write_cr4, mov cr4, eax
CODE write_dr7, mov dr7, eax
CODE out, out 0x80, al
CODE insb, insb
CODE sysexit, sysexit
CODE int3, db 0xCD, 3
CODE int1, int 1
CODE int14, int 14
CODE int20, int 0x20
CODE int81, int 0x81
CODE intff, int 0xFF
CODE fwait, fwait
CODE fninit, fninit
CODE far_kernel, jmp 0x08:0x1000
CODE far_tss, call 0x30:0
CODE far_null, jmp 0:0
CODE nothing, nop

global user_into
user_into:
	mov al, 0x7F
	add al, 1
	into
	ret
section .rodata
bounds: dd 1, 2
section .text
global user_bound
user_bound:
	mov eax, 3
	bound eax, [bounds]
	ret
global user_divide_most
user_divide_most:		; the quotient does not fit
	mov eax, 0x80000000
	cdq
	mov ecx, -1
	idiv ecx
	ret
global user_iret_task
user_iret_task:			; NT: iret is a return to the task before, and there is none
	pushf
	or dword [esp], 0x4000
	popf
	iret
%macro IRET 3			; flags, cs, what eip is
	push dword %1
	push dword %2
	push dword %3
	iret
%endmacro
global user_iret_kernel, user_iret_null, user_iret_data, user_iret_beyond, user_lret_kernel
user_iret_kernel:
	IRET 0x202, 0x08, user_nothing
user_iret_null:
	IRET 0x202, 0, user_nothing
user_iret_data:
	IRET 0x202, 0x23, user_nothing
user_iret_beyond:
	IRET 0x202, 0xFFFF, user_nothing
user_lret_kernel:
	push dword 0x08
	push dword user_nothing
	retf
global user_stack_ud, user_stack_push, user_stack_kernel, user_stack_wraps
user_stack_ud:			; an exception needs no stack of the user's
	mov esp, 3
	ud2
user_stack_push:
	mov esp, 8
	push eax
user_stack_kernel:
	mov esp, 0xC0100000
	push eax
user_stack_wraps:
	xor esp, esp
	push eax
global user_misaligned
user_misaligned:
	pushf
	or dword [esp], 0x40000
	popf
	mov eax, [saved_esp + 1]
	ret

; The flags that stay when popf sets IF off, IOPL 3 and NT: u32 user_popf(u32 flags).
global user_popf
user_popf:
	push dword [esp + 4]
	popf
	pushf
	pop eax
	push dword 0x202
	popf
	ret

; Selectors: trial.c sets user_selector.
section .data
global user_selector
user_selector: dd 0
section .text
%macro LOAD 1
global user_load_%1
user_load_%1:
	mov eax, [user_selector]
	mov %1, ax
	ret
%endmacro
LOAD ds
LOAD es
LOAD fs
LOAD gs
global user_load_ss
user_load_ss:
	mov eax, [user_selector]
	mov ss, ax
	ret

; Calls with the trap flag set, so that it takes effect behind the instruction itself; and with the
; stack pointer anywhere: u32 user_call_from(u32 stack, u32 flags, u32 sysenter): the error of a
; clock call.
global user_call_from
user_call_from:
	push ebp
	push ebx
	push esi
	push edi
	mov eax, [esp + 20]
	mov [wanted_esp], eax
	mov eax, [esp + 28]
	mov [by_sysenter], eax
	mov ebp, [esp + 24]
	mov [saved_esp], esp
	mov ecx, [wanted_esp]
	mov edx, .back
	mov ebx, 0
	mov esi, 2		; SYS_CLOCK
	mov edi, 0
	push ebp
	mov ebp, 0
	cmp dword [by_sysenter], 0
	mov eax, 19		; sys_ctl
	jne .sysenter
	test dword [esp], 0x100
	jnz .step_interrupt
	mov esp, ecx
	int 0x80
.step_interrupt:
	popf
	int 0x80
.sysenter:
	test dword [esp], 0x100
	jnz .step_sysenter
	mov esp, ecx
	sysenter
.step_sysenter:
	popf
	sysenter
.back:
	mov [wanted_esp], esp
	mov esp, [saved_esp]
	pop edi
	pop esi
	pop ebx
	pop ebp
	ret
section .bss
global wanted_esp
wanted_esp: resd 1
by_sysenter: resd 1

; bool user_has_smap(void): CPUID.7.0:EBX bit 20.
section .text
global user_has_smap
user_has_smap:
	push ebx
	xor eax, eax
	cpuid
	cmp eax, 7
	mov eax, 0
	jb .no
	mov eax, 7
	xor ecx, ecx
	cpuid
	mov eax, ebx
	shr eax, 20
	and eax, 1
.no:
	pop ebx
	ret

; u32 user_in8(u32 port), void user_out8(u32 port, u32 value), u32 user_in32(u32 port)
global user_in8, user_out8, user_in32
user_in8:
	mov edx, [esp + 4]
	xor eax, eax
	in al, dx
	ret
user_out8:
	mov edx, [esp + 4]
	mov eax, [esp + 8]
	out dx, al
	ret
user_in32:
	mov edx, [esp + 4]
	in eax, dx
	ret
