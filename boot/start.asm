; From the boot loader to C: the Multiboot header, a check that this CPU can run this kernel, the
; early page tables, and the jump into the higher half.
;
; The loader (Multiboot 0.6.96, 3.2) leaves: 32-bit protected mode, flat segments, paging and
; interrupts off, eax = magic, ebx = physical address of its information.  All other bits of the
; control registers may be anything.
;
; Everything in section .boot is linked where it is loaded, at 1 MiB.  No stack is used before
; early_map has returned but the one below.

bits 32

MULTIBOOT_MAGIC    equ 0x1BADB002
MULTIBOOT_FLAGS    equ 3		; modules on page boundaries; memory map wanted

PAGE_OFFSET        equ 0xC0000000
CR0_PG             equ 1 << 31
CR0_WP             equ 1 << 16
; PE, ET, NE: no paging, caches on, no FPU emulation
CR0_NONE           equ (1 << 0) | (1 << 4) | (1 << 5)
EFLAGS_NONE        equ 1 << 1		; always set; all others clear: no interrupts, no AC, no NT
DR7_NONE           equ 1 << 10		; always set; no breakpoint
MSR_EFER           equ 0xC0000080
; SYSCALL, NX, long mode: with any of them there is EFER
EFER_FEATURES      equ (1 << 11) | (1 << 20) | (1 << 29)

extern early_check_cpu, early_map	; early_2level.asm or early_pae.asm
extern early_die, loader_info		; early_die.asm
extern kernel_main, boot_stack_top

section .boot.header
align 4
	dd MULTIBOOT_MAGIC
	dd MULTIBOOT_FLAGS
	dd -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

section .boot progbits alloc exec write

global _start
_start:
	mov esp, early_stack_top
	push dword EFLAGS_NONE
	popfd
	mov [loader_info], ebx
	push eax
	push ebx
	call check_pentium
	call early_check_cpu
	call known_state
	call early_map			; returns with eax = value for CR3
	mov cr3, eax
	mov eax, cr0
	or eax, CR0_PG | CR0_WP
	mov cr0, eax
	pop ebx
	pop eax
	lea ecx, [higher_half]
	jmp ecx

; Ends with a message unless this is a Pentium or later: CPUID, time-stamp counter, MSRs, cmpxchg8b
; (SDM vol. 1, 20.1: CPUID is there if EFLAGS.ID can be changed).
check_pentium:
	pushfd
	pop eax
	mov ecx, eax
	xor eax, 1 << 21
	push eax
	popfd
	pushfd
	pop eax
	xor eax, ecx
	test eax, 1 << 21
	jz .too_old
	xor eax, eax
	cpuid
	test eax, eax
	jz .too_old
	mov eax, 1
	cpuid
	and edx, CPUID_NEEDED
	cmp edx, CPUID_NEEDED
	jne .too_old
	ret
.too_old:
	mov esi, message_old
	jmp early_die

CPUID_NEEDED equ (1 << 4) | (1 << 5) | (1 << 8)	; TSC, MSR, CX8

; Bits that an earlier system may have left on and that would change what paging, caches or
; breakpoints do (SDM vol. 3, 2.5; 4.1.1: with CR4.PAE or EFER.LME left on, turning paging on would
; enter another mode).
known_state:
	mov eax, CR0_NONE
	mov cr0, eax
	xor eax, eax
	mov cr4, eax
	mov eax, DR7_NONE
	mov dr7, eax
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001		; CPUs without such leaves answer with something small
	jb .no_efer
	cmp eax, 0x8000FFFF
	ja .no_efer
	mov eax, 0x80000001
	cpuid
	test edx, EFER_FEATURES
	jz .no_efer
	mov ecx, MSR_EFER
	xor eax, eax
	xor edx, edx
	wrmsr
.no_efer:
	ret

message_old:
	db 'Tarn needs a Pentium or later (CPUID with TSC, MSR and CMPXCHG8B); '
	db 'this CPU is older.', 13, 10
	db 'The machine is stopped.  To leave QEMU: Ctrl-A, then X in its terminal.', 13, 10, 0

align 16
early_stack:
	times 256 db 0
early_stack_top:

section .text

; Paging is on; the identity mapping of low memory is still there but no longer needed.
higher_half:
	mov esp, boot_stack_top
	xor ebp, ebp			; ends every back trace
	push ebx
	push eax
	push ebp			; the return address that kernel_main never uses
	jmp kernel_main

section .note.GNU-stack noalloc noexec nowrite progbits
