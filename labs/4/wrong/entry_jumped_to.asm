; wrong: jumps to the entry function of a new context, which has nowhere to return to.
; test: registers
; hint: context_returned

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
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret

context_start:
	push	ebx
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
