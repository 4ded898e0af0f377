; SPDX-License-Identifier: GPL-2.0-only
;
; Where application processors start after INIT-SIPI: real mode, at the start of a page below 1
; MiB, to which smp.c copies this code and whose trampoline_args it fills in. Goes to long mode on
; the boot page tables (which map this page at its address), then to ap_entry in the image, which
; changes to the final tables and stack.

%define CR0_PG_WP_NE_ET_MP_PE 0x80010033
%define CR4_PAE       0x20
%define MSR_EFER      0xc0000080
%define EFER_LME_NXE  0x900

extern smp_ap_main
global trampoline_start
global trampoline_args
global trampoline_end

section .rodata
bits 16
trampoline_start:
	cli
	cld
	mov ax, cs
	mov ds, ax
	movzx ebx, ax
	shl ebx, 4
	o32 lgdt [args.gdt_limit - trampoline_start]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	o32 jmp far [args.jump32 - trampoline_start]

bits 32
trampoline32:
	mov ax, 0x10
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, [ebx + args.boot_cr3 - trampoline_start]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME_NXE
	wrmsr
	mov eax, CR0_PG_WP_NE_ET_MP_PE
	mov cr0, eax
	jmp far [ebx + args.jump64 - trampoline_start]

bits 64
trampoline64:
	mov ebx, ebx
	mov rax, [rbx + args.entry - trampoline_start]
	jmp rax

align 8
gdt:
	dq 0
	dq 0x00209b0000000000                 ; 64-bit code
	dq 0x00cf93000000ffff                 ; data
	dq 0x00cf9b000000ffff                 ; 32-bit code
gdt_end:

; struct trampoline_args of smp.c
align 8
trampoline_args:
args:
.entry:     dq ap_entry
.final_cr3: dq 0
.stack:     dq 0
.percpu:    dq 0
.boot_cr3:  dd 0
.gdt_limit: dw gdt_end - gdt - 1
.gdt_base:  dd gdt - trampoline_start         ; made absolute by smp.c, as the two below
.jump32:    dd trampoline32 - trampoline_start
            dw 0x18
.jump64:    dd trampoline64 - trampoline_start
            dw 0x08
trampoline_end:

section .text
bits 64
; rbx: address of the trampoline, identity mapped.
ap_entry:
	add rbx, args - trampoline_start
	mov rcx, [rbx + 8]
	mov rsp, [rbx + 16]
	mov rdi, [rbx + 24]
	mov cr3, rcx                          ; neither rbx nor the GDT is mapped any more
	xor ebp, ebp
	push rbp
	push rbp
	call smp_ap_main
	ud2

section .note.GNU-stack noalloc noexec nowrite progbits
