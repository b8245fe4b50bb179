; wrong: saves the registers that the caller has saved already, and not the others.
; test: registers
; hint: callee-saved

bits 32

global switch_context
global context_start
extern context_returned

section .text

switch_context:
	push	eax
	push	ecx
	push	edx
	push	ebp
	mov	eax, [esp + 20]
	mov	edx, [esp + 24]
	mov	[eax], esp
	mov	esp, edx
	pop	ebp
	pop	edx
	pop	ecx
	pop	eax
	ret

context_start:
	call	ebx
	call	context_returned

section .note.GNU-stack noalloc noexec nowrite progbits
