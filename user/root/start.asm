; Where the first task begins.  The kernel has mapped an empty stack; all else stands in the start
; page (lib/abi/abi.h).
bits 32

extern root_main

section .text.start
global _start
_start:
	xor ebp, ebp		; the end of back traces
	call root_main		; does not return
	ud2
