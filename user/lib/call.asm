; The way into the kernel (lib/abi/abi.h has the agreement on registers).
bits 32

section .data
; Called with the registers of a call; chosen by kernel_call_choose.
global kernel_entry
kernel_entry: dd by_interrupt

section .text

; Both return to edx, with the stack pointer of ecx: as if they had returned to their caller.
by_interrupt:
	pop edx
	mov ecx, esp
	int 0x80
by_sysenter:
	pop edx
	mov ecx, esp
	sysenter

; bool kernel_call_has_sysenter(void): CPUID says SEP, and it is none of the first CPUs of family 6,
; which say so and have no sysenter (SDM vol. 2, SYSENTER).
global kernel_call_has_sysenter
kernel_call_has_sysenter:
	push ebx
	mov eax, 1
	cpuid
	pop ebx
	test edx, 1 << 11
	jz .no
	mov ecx, eax
	and ecx, 0xF0F00	; family, and the extended model
	cmp ecx, 0x600
	jne .yes
	mov ecx, eax
	and ecx, 0xF0		; model
	cmp ecx, 0x30
	jae .yes
	and eax, 0xF		; stepping
	cmp eax, 3
	jb .no
.yes:
	mov eax, 1
	ret
.no:
	xor eax, eax
	ret

; void kernel_call_choose(bool sysenter): for all later calls; at first it is int 0x80.
global kernel_call_choose
kernel_call_choose:
	mov eax, by_interrupt
	cmp byte [esp + 4], 0
	je .set
	mov eax, by_sysenter
.set:
	mov [kernel_entry], eax
	ret
