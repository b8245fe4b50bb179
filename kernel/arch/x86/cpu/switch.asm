; Switching between kernel stacks.

bits 32

global switch_context
global context_start
extern context_returned

section .text

; void switch_context(uintptr_t *save, uintptr_t load)
;
; The registers that a C function must preserve (System V ABI for i386) go on the old stack and come
; from the new one; context_prepare (context.c) builds the same picture on a new stack.
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

; Where a new context begins: ebx holds its entry function.
context_start:
	call	ebx
	call	context_returned

section .note.GNU-stack noalloc noexec nowrite progbits
