; SPDX-License-Identifier: GPL-2.0-only
;
; Into a guest and back: the only code that runs between two worlds.
;
; vmx_enter: rdi = struct vmx_vcpu, whose gpr[] comes first, its VMCS current. RSP of the guest is in the VMCS. Returns eax = 0
; after an exit, 1 when the entry failed at once (VMfail). Interrupts are disabled before and after. Changes
; all general registers but rsp and rbp: the caller (vmx_run.c) declares them, so that the compiler saves what it
; needs, once.
;
; vmx_exit_entry is HOST_RIP. HOST_RSP is the address of struct vmx_vcpu, so that the first thing after an exit can be to
; store the guest's registers, none of which has to be parked first. Nothing uses that as a stack:
; interrupts are disabled, and NMI and machine check have stacks of their own.

bits 64
default rel

%define GPR(n) [rdi + 8 * n]
%define OUT(n) [rsp + 8 * n]
%define HOST_RSP 1312 ; offsets in struct vmx_vcpu, checked in vmx_priv.h
%define LAUNCHED 1320

section .text

global vmx_enter
global vmx_exit_entry

vmx_enter:
	push rbp
	mov [rdi + HOST_RSP], rsp
	cmp qword [rdi + LAUNCHED], 0
	jne .load
	mov qword [rdi + LAUNCHED], 1 ; leaves the flags alone, as all that follows
.load:
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
	je .launch
	vmresume
	jmp .failed
.launch:
	vmlaunch
.failed:
	pop rbp
	mov eax, 1
	ret

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
	mov rsp, [rsp + HOST_RSP]
	xor eax, eax
	pop rbp
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
