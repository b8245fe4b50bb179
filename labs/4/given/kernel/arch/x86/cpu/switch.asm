; Switching between kernel stacks.  Lab 4: labs/4/README.md.

bits 32

global switch_context
global context_start
extern context_returned
extern panic_at

section .text

; void switch_context(uintptr_t *save, uintptr_t load)
;
; context.h says what it does, and context.c builds what it finds on a new stack.
switch_context:
	push	switch_name
	push	message
	push	switch_site
	call	panic_at

; Where a new context begins: ebx holds its entry function.
context_start:
	push	start_name
	push	message
	push	start_site
	call	panic_at

; Of this skeleton alone: what it says until it is written (lib/assert.h has struct panic_site).
section .rodata

file:		db "kernel/arch/x86/cpu/switch.asm", 0
message:	db "lab 4: %s is not written yet (labs/4/README.md)", 0
switch_name:	db "switch_context", 0
switch_site:	dd file, switch_name, 16, 0
start_name:	db "context_start", 0
start_site:	dd file, start_name, 23, 0

section .note.GNU-stack noalloc noexec nowrite progbits
