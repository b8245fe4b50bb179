; How the boot ends before there is a console: a message, and a status for the emulator.

bits 32

COM1               equ 0x3F8
DEBUG_EXIT         equ 0xF4
DEBUG_EXIT_FAIL    equ 17
VGA_TEXT           equ 0xB8000

section .boot progbits alloc exec write

; Returns with ZF set if the command line has the word `exit` (Multiboot 0.6.96, 3.3: flag bit 2,
; pointer at 16).
wants_exit:
	mov ebx, [loader_info]
	test byte [ebx], 1 << 2
	jz .no
	mov esi, [ebx + 16]
	mov al, ' '			; what stands before the first word
.look:
	cmp al, ' '			; and tabs: all that divides words is at most a blank
	ja .next
	cmp dword [esi], 'exit'
	jne .next
	cmp byte [esi + 4], ' '
	jbe .yes
.next:
	lodsb
	test al, al
	jnz .look
.no:
	test esp, esp			; never 0: clears ZF
	ret
.yes:
	cmp eax, eax			; sets ZF
	ret

; Shows the text at esi on the serial line and the screen; ends the machine with failure if `exit`
; was given (exit.c), else stops.  The serial line works at whatever speed the firmware or loader
; left; under an emulator that is enough.
global early_die
early_die:
	mov edi, VGA_TEXT
	mov ecx, 80 * 25
	mov ax, 0x0720
	rep stosw
	mov edi, VGA_TEXT
.next:
	lodsb
	test al, al
	jz .stop
	mov ah, 0x0F
	mov [edi], ax
	add edi, 2
	mov dx, COM1
	out dx, al
	jmp .next
.stop:
	call wants_exit
	jne .halt
	mov dx, DEBUG_EXIT
	mov al, DEBUG_EXIT_FAIL
	out dx, al
.halt:
	cli
	hlt
	jmp .halt

align 4
; Physical address of what the loader left; start.asm stores it.
global loader_info
loader_info:
	dd 0

section .note.GNU-stack noalloc noexec nowrite progbits
