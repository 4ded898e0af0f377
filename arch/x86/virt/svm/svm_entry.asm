; SPDX-License-Identifier: GPL-2.0-only
;
; Into a guest and back, with the general registers. The call in svm_run.c is the one place that uses it, and does
; what else belongs to the switch: host state back, then GIF.
;
; rax = physical address of the guest's VMCB, which has the guest's RAX and RSP; rdi = struct virt_vcpu, which
; begins with gpr[]. Interrupts are disabled before. Comes back with GIF clear, the guest's FS, GS, TR and LDTR still
; loaded, RFLAGS.IF set, and all general registers but rsp, rbp and rdi changed: the caller declares them, so that
; the compiler saves what it needs, once.
;
; GIF is clear while guest state is loaded: nothing can interrupt there. RFLAGS.IF is set for VMRUN
; only: with V_INTR_MASKING it decides whether machine interrupts end guest mode (APM vol. 2, 15.21.1). After the exit it is
; cleared before GIF is set, so that they stay pending, and a pending NMI is taken at STGI.

bits 64
default rel

%define GPR(r, n) [r + 8 * n]

section .text

global svm_enter
svm_enter:
	push rbp
	push rdi
	clgi
	sti
	mov rcx, GPR(rdi, 1)
	mov rdx, GPR(rdi, 2)
	mov rbx, GPR(rdi, 3)
	mov rbp, GPR(rdi, 5)
	mov rsi, GPR(rdi, 6)
	mov r8, GPR(rdi, 8)
	mov r9, GPR(rdi, 9)
	mov r10, GPR(rdi, 10)
	mov r11, GPR(rdi, 11)
	mov r12, GPR(rdi, 12)
	mov r13, GPR(rdi, 13)
	mov r14, GPR(rdi, 14)
	mov r15, GPR(rdi, 15)
	mov rdi, GPR(rdi, 7)
	vmload
	vmrun
	vmsave
	pop rax
	mov GPR(rax, 1), rcx
	mov GPR(rax, 2), rdx
	mov GPR(rax, 3), rbx
	mov GPR(rax, 5), rbp
	mov GPR(rax, 6), rsi
	mov GPR(rax, 7), rdi
	mov GPR(rax, 8), r8
	mov GPR(rax, 9), r9
	mov GPR(rax, 10), r10
	mov GPR(rax, 11), r11
	mov GPR(rax, 12), r12
	mov GPR(rax, 13), r13
	mov GPR(rax, 14), r14
	mov GPR(rax, 15), r15
	mov rdi, rax
	pop rbp
	ret
