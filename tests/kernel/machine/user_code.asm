; Small programs that run in user mode: test_user.c copies all of them to one page.

bits 32

; As in user_tools.h.
USER_CODE equ 0x40000000
CALL_TEST equ 0x12345601
CALL_END  equ 0xFF
; EFLAGS: TF, DF, NT, AC, and the bit that is always set.
FLAGS_ALL equ 0x44502

%define AT(label) (USER_CODE + (label - user_code))

global user_code, user_code_end
global user_int, user_sysenter, user_stepped, user_again, user_report, user_spin, user_in
global user_divide, user_breakpoint, user_into, user_undefined, user_halt, user_gate, user_load
global user_store, user_jump, user_fpu, user_segment

section .rodata
user_code:
; Calls once, with the registers as they are but for ecx and edx, and reports.
user_int:
	mov	ecx, esp
	mov	edx, AT(user_report)
	int	0x80
	ud2
user_sysenter:
	mov	ecx, esp
	mov	edx, AT(user_report)
	sysenter
	ud2
user_stepped:
	mov	ecx, esp
	mov	edx, AT(user_report)
	push	dword FLAGS_ALL
	popf
	sysenter
	ud2
; Calls for ever.
user_again:
	mov	ecx, esp
	mov	edx, AT(user_again)
	sysenter
	ud2
; Leaves struct report on the stack and ends.
user_report:
	pushf
	push	gs
	push	fs
	push	es
	push	ds
	pusha
	mov	eax, CALL_END
	mov	ecx, esp
	mov	edx, AT(user_spin)
	int	0x80
user_spin:
	jmp	user_spin
user_in:
	in	al, dx
	jmp	user_report
user_divide:
	xor	ecx, ecx
	div	ecx
user_breakpoint:
	int3
user_into:
	mov	al, 0x7F
	add	al, 1
	into
user_undefined:
	ud2
user_halt:
	hlt
user_gate:
	int	0x55
; What esi points to.
user_load:
	mov	eax, [esi]
	jmp	user_report
user_store:
	mov	[esi], eax
	jmp	user_report
user_jump:
	jmp	esi
user_fpu:
	fninit
; The selector in esi.
user_segment:
	mov	ds, esi
user_code_end:

section .note.GNU-stack noalloc noexec nowrite progbits
