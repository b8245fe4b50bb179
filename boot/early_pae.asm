; Early page tables, PAE paging: 2 MiB pages, which every CPU with PAE has.
;
; One PMD table for physical 0 to EARLY_MAP, seen at 0 and at PAGE_OFFSET; its last entry leads to
; the table behind the last 2 MiB of addresses, in which the fixmap's window lies.

bits 32

EARLY_MAP     equ 896 << 20		; EARLY_MAP_BYTES in layout.h
LARGE_PAGES   equ EARLY_MAP >> 21
PRESENT       equ 1
PRESENT_RW    equ 3
LARGE         equ 1 << 7
CPUID_PAE     equ 1 << 6
CR4_PAE       equ 1 << 5

extern early_die, early_check_ram
global early_check_cpu, early_map, early_pgd

section .boot progbits alloc exec write

early_check_cpu:
	mov eax, 1
	cpuid
	test edx, CPUID_PAE
	jz .none
	jmp early_check_ram
.none:
	mov esi, message_no_pae
	jmp early_die

message_no_pae:
	db 'This is the PAE kernel of Tarn, and this CPU has no PAE: start the 2-level kernel.', 13, 10
	db 'The machine is stopped.  To leave QEMU: Ctrl-A, then X in its terminal.', 13, 10, 0

; Returns the value for CR3 in eax; turns CR4.PAE on.
early_map:
	mov edi, early_pgd		; PGD's page, PMD and fixmap table: all none
	xor eax, eax
	mov ecx, 3 * 1024
	rep stosd

	mov edi, early_pmd
	mov eax, PRESENT_RW | LARGE
	mov ecx, LARGE_PAGES
.page:
	mov [edi], eax			; the upper half stays 0: below 4 GiB
	add edi, 8
	add eax, 2 << 20
	loop .page
	mov dword [early_pmd + 511 * 8], early_fixmap + PRESENT_RW

	mov dword [early_pgd + 0 * 8], early_pmd + PRESENT
	mov dword [early_pgd + 3 * 8], early_pmd + PRESENT

	mov eax, cr4
	or eax, CR4_PAE
	mov cr4, eax
	mov eax, early_pgd
	ret

section .early_tables nobits alloc write align=4096
early_pgd:	resb 4096
early_pmd:	resb 4096
early_fixmap:	resb 4096

section .note.GNU-stack noalloc noexec nowrite progbits
