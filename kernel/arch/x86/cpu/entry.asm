; Entry from exceptions and interrupts, one stub for each vector.
; Source: Intel SDM vol. 3, 6.12 (what the CPU pushes) and 6.13 (error codes).

bits 32

; As in segment.h.
SEG_KERNEL_DATA equ 0x10
SEG_PERCPU      equ 0x28

; Offset of eip in struct trapframe (trap.h).
FRAME_EIP       equ 14 * 4

extern trap_dispatch
global trap_stubs

section .text

; Vectors for which the CPU pushes an error code; for the others the stub pushes a 0 in its place.
%define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || \
	(v) == 29 || (v) == 30)

%assign vector 0
%rep 256
stub_%+vector:
%if !HAS_ERROR(vector)
	push	dword 0
%endif
	push	dword vector
	jmp	trap_common
%assign vector vector + 1
%endrep

; Builds struct trapframe on the stack and hands it to trap_dispatch.
trap_common:
	push	ds
	push	es
	push	fs
	push	gs
	pusha
	mov	eax, SEG_KERNEL_DATA
	mov	ds, eax
	mov	es, eax
	mov	eax, SEG_PERCPU
	mov	fs, eax
	cld
	mov	eax, esp
	; A link for back traces, as if the interrupted instruction had called us.
	push	dword [eax + FRAME_EIP]
	push	ebp
	mov	ebp, esp
	push	eax
	call	trap_dispatch
	add	esp, 12
	popa
	pop	gs
	pop	fs
	pop	es
	pop	ds
	add	esp, 8			; vector, error code
	iret

section .rodata
align 4
trap_stubs:
%assign vector 0
%rep 256
	dd	stub_%+vector
%assign vector vector + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits
