; SPDX-License-Identifier: GPL-2.0-only
;
; Into a guest and back: the only code that runs between two worlds.
;
; vmx_enter (VMRESUME) and vmx_launch (VMLAUNCH): rdi = struct vmx_vcpu, whose gpr[] comes first, its VMCS current. RSP,
; RIP and RFLAGS of the guest are in the VMCS. They go on in vmx_run_exit(rdi) after an exit, in vmx_run_failed() when
; the entry failed at once (VMfail); these return to the caller. Interrupts are disabled before and after.
;
; vmx_exit_entry is HOST_RIP. HOST_RSP is the address of struct vmx_vcpu, so that the first thing after an exit can be to
; store the guest's registers, none of which has to be parked first. Nothing uses that as a stack:
; interrupts are disabled, and NMI and machine check have stacks of their own.

bits 64
default rel

%define GPR(n) [rdi + 8 * n]
%define OUT(n) [rsp + 8 * n]
%define HOST_RSP 1296 ; in struct vmx_vcpu, checked in vmx_priv.h

; What C functions keep.
%macro SAVE 0
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
%endmacro

%macro RESTORE 0
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
%endmacro

%macro LOAD 0
	SAVE
	mov [rdi + HOST_RSP], rsp
	mov rax, GPR(0)
	mov rcx, GPR(1)
	mov rdx, GPR(2)
	mov rbx, GPR(3)
	mov rbp, GPR(5)
	mov rsi, GPR(6)
	mov r8, GPR(8)
	mov r9, GPR(9)
	mov r10, GPR(10)
	mov r11, GPR(11)
	mov r12, GPR(12)
	mov r13, GPR(13)
	mov r14, GPR(14)
	mov r15, GPR(15)
	mov rdi, GPR(7)
%endmacro

section .text

extern vmx_run_exit
extern vmx_run_failed
global vmx_enter
global vmx_launch
global vmx_exit_entry

vmx_enter:
	LOAD
	vmresume
	jmp failed

vmx_launch:
	LOAD
	vmlaunch

failed:
	RESTORE
	jmp vmx_run_failed

vmx_exit_entry:
	mov OUT(0), rax
	mov OUT(1), rcx
	mov OUT(2), rdx
	mov OUT(3), rbx
	mov OUT(5), rbp
	mov OUT(6), rsi
	mov OUT(7), rdi
	mov OUT(8), r8
	mov OUT(9), r9
	mov OUT(10), r10
	mov OUT(11), r11
	mov OUT(12), r12
	mov OUT(13), r13
	mov OUT(14), r14
	mov OUT(15), r15
	mov rdi, rsp
	mov rsp, [rsp + HOST_RSP]
	RESTORE
	jmp vmx_run_exit

section .note.GNU-stack noalloc noexec nowrite progbits
