; Early page tables, 32-bit paging: 4 KiB pages, since a Pentium may come without PSE.
;
; One set of PTE tables for physical 0 to EARLY_MAP, seen at 0 and at PAGE_OFFSET, and the table
; behind the last 4 MiB of addresses, in which the fixmap's window lies.

bits 32

EARLY_MAP     equ 896 << 20		; EARLY_MAP_BYTES in layout.h
TABLES        equ EARLY_MAP >> 22
KERNEL_PGD    equ 0xC0000000 >> 22
PRESENT_RW    equ 3

extern early_check_ram
global early_check_cpu, early_map, early_pgd

section .boot progbits alloc exec write

; Every Pentium can run this kernel, if there is RAM for it.
early_check_cpu:
	jmp early_check_ram

; Returns the value for CR3 in eax.
early_map:
	mov edi, early_pgd		; PGD and fixmap table: all none
	xor eax, eax
	mov ecx, 2 * 1024
	rep stosd

	mov edi, early_ptes		; frame 0, 1, 2 ...
	mov eax, PRESENT_RW
	mov ecx, TABLES * 1024
.frame:
	stosd
	add eax, 4096
	loop .frame

	mov eax, early_ptes + PRESENT_RW
	xor ecx, ecx
.table:
	mov [early_pgd + ecx * 4], eax
	mov [early_pgd + (KERNEL_PGD + ecx) * 4], eax
	add eax, 4096
	inc ecx
	cmp ecx, TABLES
	jb .table

	mov dword [early_pgd + 1023 * 4], early_fixmap + PRESENT_RW
	mov eax, early_pgd
	ret

section .early_tables nobits alloc write align=4096
early_pgd:	resb 4096
early_fixmap:	resb 4096
early_ptes:	resb TABLES * 4096

section .note.GNU-stack noalloc noexec nowrite progbits
