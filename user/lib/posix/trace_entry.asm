; Stands in for the way into the kernel (call.asm) while calls are traced: trace.h.
bits 32

extern trace_kernel, trace_before, trace_after

section .text

; The registers as a struct result, the first at the lowest address.
%macro push_result 0
	push ebp
	push edi
	push esi
	push ebx
	push eax
%endmacro

; Called as kernel_entry is: the registers hold a call.  A child of fork begins behind the call in
; the middle, with its parent's stack.
global trace_entry
trace_entry:
	push_result
	push esp		; the address of the first register
	call trace_before
	add esp, 4
	mov eax, [esp]
	mov ebx, [esp + 4]
	mov esi, [esp + 8]
	mov edi, [esp + 12]
	mov ebp, [esp + 16]
	call [trace_kernel]
	push_result
	mov eax, esp
	lea edx, [esp + 20]	; what went in
	push eax
	push edx
	call trace_after
	add esp, 8
	pop eax
	pop ebx
	pop esi
	pop edi
	pop ebp
	add esp, 20
	ret
