; SPDX-License-Identifier: GPL-2.0-only
;
; Entry of all 256 vectors. Each stub is 16 bytes and makes the stack look alike: an error code (0
; where hardware pushes none), the vector; then trap_common completes struct trap_frame (traps.h)
; and calls trap_dispatch(frame). Everything is restored afterwards: handlers that return resume
; what was interrupted. The hypervisor runs in ring 0 only, so GS base is always its own.

bits 64
section .text

extern trap_dispatch
global trap_stubs
global stack_switch_asm

; Vectors with an error code (SDM vol. 3 table 6-1; APM vol. 2 table 8-1: 29, 30).
%define HAS_ERROR(v) (v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30)

align 16
trap_stubs:
%assign vector 0
%rep 256
	align 16
%if !HAS_ERROR(vector)
	push qword 0
%endif
	push strict dword vector
	jmp trap_common
%assign vector vector + 1
%endrep

align 16
trap_common:
	push rax
	push rbx
	push rcx
	push rdx
	push rsi
	push rdi
	push rbp
	push r8
	push r9
	push r10
	push r11
	push r12
	push r13
	push r14
	push r15
	cld
	mov rdi, rsp
	call trap_dispatch
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rbp
	pop rdi
	pop rsi
	pop rdx
	pop rcx
	pop rbx
	pop rax
	add rsp, 16
	iretq

; stack_switch_asm(rdi: top, rsi: function): goes on in the function on another stack, whose chain
; of frames begins there.
stack_switch_asm:
	mov rsp, rdi
	xor ebp, ebp
	push rbp
	push rbp
	call rsi
	ud2

section .note.GNU-stack noalloc noexec nowrite progbits
