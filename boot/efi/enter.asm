; SPDX-License-Identifier: GPL-2.0-only
;
; The way from UEFI's 64-bit world to the image's 32-bit entry (boot/entry.asm): paging off, all
; of CR4 and EFER.LME cleared, so that firmware with 5-level paging, PCIDs or CET makes no
; difference. The application copies this code to a page below 4 GiB, which UEFI maps at its
; physical address, and calls it there:
;   enter(rdi: entry, rsi: struct boot_info, rdx: this page)
; And the image itself, which the application carries.

%define EFI_MAGIC   0x494645ea
%define CR0_PG      0x80000000
%define MSR_EFER    0xc0000080
%define EFER_LME    0x100

global enter_start
global enter_end
global payload_start
global payload_end

section .data
bits 64
enter_start:
	cli
	cld
	mov ebx, esi
	lea rsp, [rdx + 4096]
	lea rax, [rel gdt]
	sub rsp, 16
	mov word [rsp], gdt_end - gdt - 1
	mov [rsp + 2], rax
	lgdt [rsp]
	push qword 0x08
	lea rax, [rel compatibility]
	push rax
	o64 retf

bits 32
compatibility:
	mov eax, 0x10
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov ss, eax
	mov eax, cr0
	and eax, ~CR0_PG
	mov cr0, eax
	mov ecx, MSR_EFER
	rdmsr
	and eax, ~EFER_LME
	wrmsr
	xor eax, eax
	mov cr4, eax
	mov eax, EFI_MAGIC
	jmp edi

align 8
gdt:
	dq 0
	dq 0x00cf9b000000ffff                 ; 32-bit code
	dq 0x00cf93000000ffff                 ; data
gdt_end:
enter_end:

align 16
payload_start:
	incbin PAYLOAD
payload_end:

section .note.GNU-stack noalloc noexec nowrite progbits
