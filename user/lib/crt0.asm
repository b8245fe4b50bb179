; Where a program begins.  On the stack are the first thread's message page, argc, argv, and the
; start-up object (startup.h).  Without servers that is 0 (load.h), else argc and argv are.
bits 32

extern program_start

section .text.start
; With type and size, so that a back trace can name it.
global _start:function (_start.end - _start)
_start:
	xor ebp, ebp		; the end of back traces
	call program_start	; the four words are its arguments; it does not return
	ud2
.end:
