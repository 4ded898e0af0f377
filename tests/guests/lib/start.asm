; SPDX-License-Identifier: GPL-2.0-only
; Entry of every test guest. A Multiboot 1 loader jumps to `start` in 32-bit mode without paging; an AP
; arrives in real mode at the trampoline, which smp.c has copied to AP_TRAMPOLINE. Both end in 64-bit C
; code with the first 4 GiB mapped one to one. Also the 256 interrupt stubs and trap_try().

AP_TRAMPOLINE equ 0x8000
STACK_SIZE    equ 16384
CR4_BOOT      equ 0x620			; PAE, OSFXSR, OSXMMEXCPT
SEL_CODE64    equ 0x08
SEL_DATA      equ 0x10
SEL_CODE32    equ 0x18
CPU_RECOVERY  equ 8			; offsets in struct cpu (cpu.h checks them)
CPU_VECTOR    equ 16

extern boot_main, ap_main, trap_dispatch, ap_stack_top
global start, boot_stack, boot_stack_top, boot_pml4, boot_pd, boot_mbi, boot_magic
global trap_stubs, trap_try, trap_recover, user_enter, ap_trampoline, ap_trampoline_end

section .multiboot
align 4
	dd 0x1badb002, 3, -(0x1badb002 + 3)

section .text
bits 32
start:
	cli
	cld
	mov [boot_magic], eax
	mov [boot_mbi], ebx
	mov esp, boot_stack_top
	; PML4[0] -> PDPT, PDPT[0..3] -> PDs, PD entries of 2 MiB; all user-accessible.
	mov dword [boot_pml4], boot_pdpt + 7
	mov eax, boot_pd + 7
	mov edi, boot_pdpt
	mov ecx, 4
.pdpt:	mov [edi], eax
	add eax, 4096
	add edi, 8
	loop .pdpt
	mov eax, 0x87
	mov edi, boot_pd
	mov ecx, 2048
.pd:	mov [edi], eax
	add eax, 0x200000
	add edi, 8
	loop .pd
	call enter_long
	lgdt [boot_gdtr]
	jmp SEL_CODE64:.long
bits 64
.long:
	mov eax, SEL_DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov rsp, boot_stack_top
	call boot_main
.hang:	hlt
	jmp .hang

bits 32
; Turns on PAE, long mode, paging, FPU; the caller does the far jump.
enter_long:
	mov eax, CR4_BOOT
	mov cr4, eax
	mov eax, boot_pml4
	mov cr3, eax
	mov ecx, 0xc0000080
	rdmsr
	or eax, 0x901			; LME, NXE, SCE
	wrmsr
	mov eax, 0x80010033		; PG, WP, NE, ET, MP, PE
	mov cr0, eax
	ret

bits 16
ap_trampoline:
	cli
	xor ax, ax
	mov ds, ax
	lgdt [AP_TRAMPOLINE + ap_gdtr - ap_trampoline]
	mov eax, 0x11
	mov cr0, eax
	jmp dword SEL_CODE32:(AP_TRAMPOLINE + ap_protected - ap_trampoline)
bits 32
ap_protected:
	mov eax, SEL_DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov esp, [ap_stack_top]
	mov eax, enter_long
	call eax
	jmp SEL_CODE64:ap_long
ap_gdtr:
	dw boot_gdt_end - boot_gdt - 1
	dd boot_gdt
ap_trampoline_end:
bits 64
ap_long:
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov rsp, [ap_stack_top]
	call ap_main
.hang:	hlt
	jmp .hang

; int trap_try(void (*fn)(void *), void *arg)
trap_try:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	pushfq
	push qword [gs:CPU_RECOVERY]
	mov [gs:CPU_RECOVERY], rsp
	sub rsp, 8
	mov rax, rdi
	mov rdi, rsi
	call rax
	add rsp, 8
	mov eax, -1
trap_try_out:
	pop qword [gs:CPU_RECOVERY]
	popfq
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret

; trap_dispatch() returns here, with RSP as trap_try() saved it, to give up the protected function.
trap_recover:
	cld
	mov eax, SEL_DATA
	mov ds, eax
	mov es, eax
	mov eax, [gs:CPU_VECTOR]
	jmp trap_try_out

; void user_enter(void (*fn)(void), void *stack_top, u64 rflags): at CPL 3, returns by a trap only.
user_enter:
	push qword 0x2b			; user data
	push rsi
	push rdx
	push qword 0x33			; user code
	push rdi
	iretq

%macro STUB 1
	align 16
%if (%1 == 8) || (%1 >= 10 && %1 <= 14) || (%1 == 17) || (%1 == 21)
	; the CPU has pushed an error code
%else
	push qword 0
%endif
	push qword %1
	jmp near trap_common
%endmacro

align 16
trap_stubs:
%assign v 0
%rep 256
	STUB v
%assign v v + 1
%endrep

trap_common:
	push rax
	push rcx
	push rdx
	push rbx
	push rbp
	push rsi
	push rdi
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
	mov rbx, rsp
	and rsp, -16
	call trap_dispatch
	mov rsp, rbx
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rdi
	pop rsi
	pop rbp
	pop rbx
	pop rdx
	pop rcx
	pop rax
	add rsp, 16
	iretq

section .data
align 8
boot_gdt:
	dq 0
	dq 0x00af9b000000ffff		; 08 code, 64-bit
	dq 0x00cf93000000ffff		; 10 data
	dq 0x00cf9b000000ffff		; 18 code, 32-bit
boot_gdt_end:
boot_gdtr:
	dw boot_gdt_end - boot_gdt - 1
	dd boot_gdt

section .bss
alignb 4096
boot_pml4:	resb 4096
boot_pdpt:	resb 4096
boot_pd:	resb 4 * 4096
boot_stack:	resb STACK_SIZE
boot_stack_top:
boot_mbi:	resd 1
boot_magic:	resd 1
