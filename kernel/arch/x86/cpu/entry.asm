; Entry from exceptions and interrupts, one stub for each vector; entry of calls; return.
; Sources: Intel SDM vol. 3, 6.12 (what the CPU pushes) and 6.13 (error codes); vol. 2, SYSENTER and
; SYSEXIT.

bits 32

; As in segment.h.  In the kernel ds and es hold SEG_USER_DATA.
SEG_USER_CODE   equ 0x1B
SEG_USER_DATA   equ 0x23
SEG_PERCPU      equ 0x28

; As in trap.h: two vectors, and offsets in struct trapframe.
TRAP_GENERAL_PROTECTION equ 13
VECTOR_CALL_GATE equ 0x80
FRAME_ES        equ 10 * 4
FRAME_VECTOR    equ 12 * 4
FRAME_EIP       equ 14 * 4
FRAME_USER_ESP  equ 17 * 4

; EFLAGS (SDM vol. 1, 3.4.3): bit 1 is always set; with IF it is what user mode returns with.
EFLAGS_NONE     equ 0x2
EFLAGS_USER     equ 0x202

extern trap_dispatch, enter_dispatch, bad_exit_dispatch, system_call
extern sysexit_vector, user_work
global trap_stubs, sysenter_place, user_mode_enter

; IRQ_TIME trap, IRQ_TIME return: the debug build measures how long interrupts are off
; (hooks/irq_time.h).  esp is the frame, which goes in eax and on the stack: GCC takes arguments
; from registers, clang from the stack.  Changes eax, ecx, edx.
%ifdef CONFIG_DEBUG
extern irq_time_trap, irq_time_return
%macro IRQ_TIME 1
	mov	eax, esp
	push	eax
	call	irq_time_%1
	add	esp, 4
%endmacro
%else
%macro IRQ_TIME 1
%endmacro
%endif

; FIXUP label, instruction: goes on at `label` if the instruction faults.
%macro FIXUP 2+
%%instruction:
	%2
	[section .extable progbits alloc noexec nowrite]
	dd	%%instruction, %1
	__SECT__
%endmacro

; CALL_C function, eip, ebp: calls it with the frame at esp, which is 12 bytes up afterwards.  The
; other two are the link for back traces, as if the interrupted instruction had called us.
%macro CALL_C 3
	mov	eax, esp
	push	dword %2
	push	%3
	mov	ebp, esp
	push	eax
	call	%1
%endmacro

; Loads the kernel's segment registers, by way of ecx.
%macro LOAD_SEGMENTS 0
	mov	ecx, SEG_USER_DATA
	mov	ds, ecx
	mov	es, ecx
	mov	ecx, SEG_PERCPU
	mov	fs, ecx
%endmacro

section .text

; Vectors for which the CPU pushes an error code; for the others there is a 0 in its place.
%define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || \
	(v) == 29 || (v) == 30)

; A number below 128, of either sign, is pushed by an instruction of two bytes.
VECTOR_BIAS	equ 128

%assign vector 0
%rep 256
stub_%+vector:
%if vector == VECTOR_CALL_GATE
	test	byte [esp + 4], 3	; cs: from the kernel it is an interrupt that nobody sent
	jnz	call_gate_entry
%endif
	push	byte vector - VECTOR_BIAS
%if HAS_ERROR(vector)
	jmp	trap_common
%else
	jmp	trap_without_error
%endif
%assign vector vector + 1
%endrep

trap_without_error:
	push	dword [esp]
	mov	dword [esp + 4], 0
; Builds struct trapframe on the stack and hands it to trap_dispatch.
trap_common:
	add	dword [esp], VECTOR_BIAS
	push	ds
	push	es
	push	fs
	push	gs
	pusha
	LOAD_SEGMENTS
	cld
	CALL_C	trap_dispatch, [eax + FRAME_EIP], ebp
	add	esp, 12
; Returns to what the frame at esp says, with all registers.  What user mode's frame holds may be
; refused: see bad_exit.
full_return:
	popa
	FIXUP	bad_gs, pop gs
	FIXUP	bad_fs, pop fs
	FIXUP	bad_es, pop es
	FIXUP	bad_ds, pop ds
	add	esp, 8			; vector, error code
	FIXUP	bad_iret, iret

; Calls.  In: ecx = user's stack pointer, edx = where it goes on, for both instructions.
;
; int 0x80: what the CPU pushed is of no use.
call_gate_entry:
	add	esp, 5 * 4
	jmp	short call_entry

; sysenter: interrupts are off, all other flags are the user's; esp is the top of this CPU's entry
; stack, where the top of the thread's stack is kept (struct entry_stack).
sysenter_entry:
	mov	esp, [esp]
call_entry:
	push	dword SEG_USER_DATA	; struct trapframe: user_ss
	push	ecx
	push	dword EFLAGS_USER
	push	dword SEG_USER_CODE
	push	edx
	push	dword 0
	push	dword VECTOR_CALL_GATE
	push	dword SEG_USER_DATA	; ds, es
	push	dword SEG_USER_DATA
	push	dword 0			; fs, gs
	push	dword 0
	pusha
	push	dword EFLAGS_NONE	; clears AC, DF, NT, TF, IOPL
	popf
call_entry_clean:
	LOAD_SEGMENTS
	IRQ_TIME trap
	CALL_C	system_call, [eax + FRAME_EIP], 0
	cli				; until the CPU is in user mode, as in leave_kernel (trap.c)
	cmp	dword [fs:user_work], 0
	jne	work_after_call
	lea	esp, [ebp + 8]
	IRQ_TIME return
; Interrupts are off, and esp is the frame of user mode.
user_return_path:
	mov	eax, [esp + FRAME_VECTOR]
	cmp	eax, [sysexit_vector]
	jne	full_return
	popa
	FIXUP	bad_gs, pop gs
	FIXUP	bad_fs, pop fs
	mov	edx, [esp + FRAME_EIP - FRAME_ES]
	mov	ecx, [esp + FRAME_USER_ESP - FRAME_ES]
	push	dword EFLAGS_NONE
	popf
	sti				; no interrupt comes before the next instruction is done
	sysexit

work_after_call:
	lea	esp, [ebp + 8]		; the frame: what was pushed for the call is given up
	jmp	short enter_user_mode

; void user_mode_enter(struct trapframe *frame)
user_mode_enter:
	mov	esp, [esp + 4]
enter_user_mode:
	CALL_C	enter_dispatch, 0, 0
	add	esp, 12
	jmp	user_return_path

; A segment register or iret has refused what the frame holds.  esp is at the refused value; what
; was popped before is in the registers, and the fault has written over its place.  So it is pushed
; again, from the place of the fault down, until the frame is whole.
bad_iret:
	push	dword 0
	push	dword TRAP_GENERAL_PROTECTION
	push	ds
bad_ds:
	push	es
bad_es:
	push	fs
bad_fs:
	push	gs
bad_gs:
	pusha
	LOAD_SEGMENTS
	CALL_C	bad_exit_dispatch, 0, 0
	add	esp, 12
	jmp	short enter_user_mode

section .rodata
align 4
trap_stubs:
%assign vector 0
%rep 256
	dd	stub_%+vector
%assign vector vector + 1
%endrep

; Where the entry by sysenter begins, and where all flags are the kernel's.
sysenter_place:
	dd	sysenter_entry, call_entry_clean

section .note.GNU-stack noalloc noexec nowrite progbits
