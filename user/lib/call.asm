; The way into the kernel (lib/abi/abi.h has the agreement on registers).
bits 32

section .data
call_instruction: dd by_interrupt

section .text

; void kernel_call(struct result *registers): eax, ebx, esi, edi, ebp are loaded from there and
; stored there.  C keeps ebx, esi, edi, ebp across a call, the kernel returns results in them.
global kernel_call
kernel_call:
	push ebp
	push ebx
	push esi
	push edi
	mov ecx, [esp + 20]
	mov eax, [ecx]
	mov ebx, [ecx + 4]
	mov esi, [ecx + 8]
	mov edi, [ecx + 12]
	mov ebp, [ecx + 16]
	mov edx, .back
	mov ecx, esp
	jmp [call_instruction]
.back:
	mov ecx, [esp + 20]
	mov [ecx], eax
	mov [ecx + 4], ebx
	mov [ecx + 8], esi
	mov [ecx + 12], edi
	mov [ecx + 16], ebp
	pop edi
	pop esi
	pop ebx
	pop ebp
	ret

; Both return to edx with the stack pointer of ecx.
by_interrupt:
	int 0x80
by_sysenter:
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
	mov [call_instruction], eax
	ret
