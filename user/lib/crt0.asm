; Where a program begins.  The loader has put message page, argc and argv on the stack (load.h).
bits 32

extern program_start

section .text.start
global _start
_start:
	xor ebp, ebp		; the end of back traces
	call program_start	; the three words are its arguments; it does not return
	ud2
