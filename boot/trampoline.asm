; Where the other CPUs start: from real mode to paged protected mode (SDM vol. 3, 8.4 and 9.9).
;
; smp_start_cpu() copies all of this to physical 0x8000 and fills in the parameter block.  A
; start-up interrupt with page number 8 lets the CPU begin there at CS:IP = 0800:0000.  Nothing but
; this page and the stack is touched before C is entered.

TRAMPOLINE_PHYS equ 0x8000		; layout.h
FLAT_CODE equ 0x08
FLAT_DATA equ 0x10
CR0_PE equ 1 << 0
MSR_EFER equ 0xC0000080
EFER_NXE equ 1 << 11

; Where a label lies in the copy.
%define copy_of(label) (label - trampoline_start + TRAMPOLINE_PHYS)

global trampoline_start, trampoline_params, trampoline_end

section .rodata
align 16

bits 16
trampoline_start:
	cli
	cld
	xor ax, ax
	mov ds, ax
	mov byte [copy_of(params.started)], 1
	o32 lgdt [copy_of(gdt_pointer)]
	mov eax, cr0
	or al, CR0_PE
	mov cr0, eax
	jmp dword FLAT_CODE:copy_of(protected_mode)

bits 32
protected_mode:
	mov ax, FLAT_DATA
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov fs, ax
	mov gs, ax

	; The form of the tables first, then the tables, then paging.
	mov eax, [copy_of(params.cr4)]
	mov cr4, eax
	cmp dword [copy_of(params.set_nxe)], 0
	je .no_nx
	mov ecx, MSR_EFER
	mov eax, EFER_NXE
	xor edx, edx
	wrmsr
.no_nx:
	mov eax, [copy_of(params.cr3)]
	mov cr3, eax
	mov eax, [copy_of(params.cr0)]
	mov cr0, eax
	jmp .paged			; this page is mapped to itself
.paged:
	; entry(cpu), with the stack aligned as the C compiler expects, a null return address and a
	; null frame pointer at the end of the chain.
	mov esp, [copy_of(params.stack_top)]
	sub esp, 12
	push dword [copy_of(params.cpu)]
	push dword 0
	xor ebp, ebp
	jmp [copy_of(params.entry)]

align 8
gdt:
	dq 0
	dq 0x00CF9A000000FFFF		; code, 0 to 4 GiB
	dq 0x00CF92000000FFFF		; data, 0 to 4 GiB
gdt_pointer:
	dw gdt_pointer - gdt - 1
	dd copy_of(gdt)

; struct trampoline_params (trampoline.h)
align 4
trampoline_params:
params:
.started:	dd 0
.cr0:		dd 0
.cr3:		dd 0
.cr4:		dd 0
.set_nxe:	dd 0
.stack_top:	dd 0
.entry:		dd 0
.cpu:		dd 0
trampoline_end:
