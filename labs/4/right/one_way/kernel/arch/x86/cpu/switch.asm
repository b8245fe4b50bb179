; The same picture on the stack, stored and loaded by moves.

bits 32

global switch_context
global context_start
extern context_returned

section .text

switch_context:
	mov	eax, [esp + 4]
	mov	ecx, [esp + 8]
	sub	esp, 16
	mov	[esp + 12], ebp
	mov	[esp + 8], ebx
	mov	[esp + 4], esi
	mov	[esp], edi
	xchg	ecx, esp
	mov	[eax], ecx
	mov	edi, [esp]
	mov	esi, [esp + 4]
	mov	ebx, [esp + 8]
	mov	ebp, [esp + 12]
	lea	esp, [esp + 20]
	jmp	[esp - 4]

context_start:
	push	context_returned
	jmp	ebx

section .note.GNU-stack noalloc noexec nowrite progbits
