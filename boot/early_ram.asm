; Ends with a message unless there is RAM as far as the kernel's image goes: a loader that does not
; look puts the rest of it where nothing keeps it.  Whether there is enough for the kernel to work
; is seen later (kernel/mm/boot/ram_layout.c).
;
; The last word of the image is zeroed data; it must keep two patterns, and gets its value back.

bits 32

extern early_die, kernel_end
global early_check_ram

section .boot progbits alloc exec write

early_check_ram:
	mov edi, kernel_end - 0xC0000000 - 4	; physical
	mov edx, [edi]
	mov eax, 0x5AA5C33C
	call .keeps
	not eax
	call .keeps
	mov [edi], edx
	ret
.keeps:
	mov [edi], eax
	cmp [edi], eax
	jne .none
	ret
.none:
	mov esi, message_no_ram
	jmp early_die

message_no_ram:
	db 'Too little memory: Tarn needs 8 MiB, and here is no RAM for all of its image.', 13, 10
	db 'The machine is stopped.  To leave QEMU: Ctrl-A, then X in its terminal.', 13, 10, 0

section .note.GNU-stack noalloc noexec nowrite progbits
