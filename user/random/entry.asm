; Where a worker's thread begins: its number stands in ebx.
bits 32

extern worker_run
extern racer_run

section .text
global worker_entry
worker_entry:
	xor ebp, ebp		; the end of back traces
	push ebx
	call worker_run		; does not return
	ud2

global racer_entry
racer_entry:
	xor ebp, ebp
	push ebx
	call racer_run
	ud2
