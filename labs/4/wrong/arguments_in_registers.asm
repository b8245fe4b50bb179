; wrong: takes its arguments from registers, as other functions of the kernel do.
; test: registers
; hint: from *save upward

bits 32

global switch_context
global context_start
extern context_returned

section .text

switch_context:
	push	ebp
	push	ebx
	push	esi
	push	edi
	mov	[eax], esp
	mov	esp, edx
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret

context_start:
	call	ebx
	call	context_returned

section .note.GNU-stack noalloc noexec nowrite progbits
