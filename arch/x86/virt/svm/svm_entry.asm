; SPDX-License-Identifier: GPL-2.0-only
;
; Into a guest and back: the only code that runs between two worlds.
;
; svm_enter: rax = physical address of the guest's VMCB, rdx = physical address of this pCPU's page with
; the host's VMLOAD state, rdi = struct virt_vcpu, whose gpr[] comes first. RAX and RSP of the guest are in the
; VMCB. Interrupts are disabled before and after. Changes all general registers but rsp and rbp: the caller
; (svm_run.c) declares them, so that the compiler saves what it needs, once.
;
; GIF is clear while guest state is loaded: nothing can interrupt there. RFLAGS.IF is set for VMRUN
; only: with V_INTR_MASKING it decides whether machine interrupts end guest mode (APM vol. 2, 15.21.1). After the exit it is
; cleared before GIF is set, so that they stay pending, and a pending NMI is taken at STGI.

bits 64
default rel

%define GPR(n) [rdi + 8 * n]
%define OUT(n) [rax + 8 * n]

section .text

global svm_enter
svm_enter:
	push rbp
	push rdx
	push rdi
	clgi
	sti
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
	vmload
	vmrun
	vmsave
	pop rax
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
	pop rax
	vmload
	cli
	stgi
	pop rbp
	ret
