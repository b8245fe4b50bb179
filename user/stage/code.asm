; What the stage's clients run (stage.h): copied to STAGE_CODE, so nothing in it knows its address.
bits 32

section .rodata
global stage_code
global stage_code_end
stage_code:
	ret			; the gate
	align 16, int3
.stand:
	jmp .stand
	align 16, int3
	mov eax, [ebx]
	jmp .stand
	align 16, int3
	mov [ebx], eax
	jmp .stand
	align 16, int3
	int 0x80
	int3
stage_code_end:
