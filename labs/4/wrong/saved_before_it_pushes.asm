; wrong: saves the stack pointer before the registers are on the stack.
; test: registers
; hint: from *save upward

bits 32

global switch_context
global context_start
extern context_returned

section .text

switch_context:
	mov	eax, [esp + 4]
	mov	edx, [esp + 8]
	mov	[eax], esp
	push	ebp
	push	ebx
	push	esi
	push	edi
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
