; wrong: pops in the order in which it has pushed.
; test: registers
; hint: opposite order

bits 32

global switch_context
global context_start
extern context_returned

section .text

switch_context:
	mov	eax, [esp + 4]
	mov	edx, [esp + 8]
	push	ebp
	push	ebx
	push	esi
	push	edi
	mov	[eax], esp
	mov	esp, edx
	pop	ebp
	pop	ebx
	pop	esi
	pop	edi
	ret

context_start:
	call	ebx
	call	context_returned

section .note.GNU-stack noalloc noexec nowrite progbits
