; What each basic block of a kernel built with COVERAGE=1 calls (-fsanitize-coverage=trace-pc, of
; GCC and clang).
;
; The first time that a block runs, its address goes to port 0xE9 as text, "c0145678" and a line
; feed.  There QEMU has a file (report.py) and Bochs its standard output (port_e9_hack).  So nothing
; needs to be dumped when the machine ends, however it ends.
;
; No register is changed but EFLAGS, as calls do: the compiler's own conventions do not matter.  The
; way of a block that has run before is short, since self-tests step through the kernel.

bits 32

PORT equ 0xE9
; Turns to wait for another CPU's line.  An NMI may find it half written on its own CPU; report.py
; takes no such line.
MOST_TURNS equ 1000000
; EFLAGS with interrupts and single steps off (bit 1 is always set: SDM vol. 1, 3.4.3).
EFLAGS_NONE equ 2

extern kernel_start
global __sanitizer_cov_trace_pc

section .text

__sanitizer_cov_trace_pc:
	push	eax
	mov	eax, [esp + 4]		; behind the call
	sub	eax, kernel_start
	shr	eax, SHIFT
	bt	[seen], eax
	jnc	.first
	pop	eax
	ret
.first:
	pushfd
	push	dword EFLAGS_NONE
	popfd
	pusha
	bts	[seen], eax
	; behind the call: above what pusha, pushfd and the first push have left
	mov	edx, [esp + 10 * 4]
	call	take
	mov	ecx, 8
.digit:
	rol	edx, 4
	mov	eax, edx
	and	eax, 0xF
	mov	al, [digits + eax]
	out	PORT, al
	loop	.digit
	mov	al, 10
	out	PORT, al
	mov	dword [busy], 0
	popa
	popfd
	pop	eax
	ret

; Changes eax and ecx.
take:
	mov	ecx, MOST_TURNS
.turn:
	mov	eax, 1
	xchg	eax, [busy]
	test	eax, eax
	jz	.done
	pause
	loop	.turn
.done:
	ret

section .rodata
digits:	db '0123456789abcdef'

section .bss
align 4
busy:	resd 1
; A bit for each four bytes (a call has five) of up to 2 MiB of text; a debug kernel has about one.
SHIFT equ 2
SEEN_BYTES equ 64 * 1024
seen:	resb SEEN_BYTES

section .note.GNU-stack noalloc noexec nowrite progbits
