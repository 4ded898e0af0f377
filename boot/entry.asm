; SPDX-License-Identifier: GPL-2.0-only
;
; Where every loader enters: 32-bit protected mode, paging off, flat segments, interrupts disabled.
;   Multiboot2 (GRUB on BIOS and UEFI):  eax = 0x36d76289, ebx -> Multiboot2 information
;   evenkeel.efi:                        eax = 0x494645ea, ebx -> struct boot_info, esp valid
; The image may be at any 2 MiB aligned place below 4 GiB, so this code addresses everything
; relative to ebp = actual minus linked physical address. It builds the boot page tables, turns on
; long mode and calls boot_main(magic, info, displacement) on the boot stack. On a CPU without
; long mode, or an unknown loader, it says so on COM1 and stops.

%define MULTIBOOT2_MAGIC  0x36d76289
%define EFI_MAGIC         0x494645ea

%define IMAGE_LMA         0x200000
%define IMAGE_PD_ENTRIES  32                  ; the image may be 62 MiB long
%define PAGE_RW           0x003               ; present, writable
%define PAGE_RW_LARGE     0x083

%define CR0_PG_WP_NE_ET_MP_PE 0x80010033
%define CR4_PAE           0x20
%define MSR_EFER          0xc0000080
%define EFER_LME          0x100

; Boot page tables: PML4, PDPT of the first 4 GiB, PDPT of the image, its PD, 4 PDs of the first 4
; GiB.
%define TABLE_PML4        0x0000
%define TABLE_PDPT_LOW    0x1000
%define TABLE_PDPT_IMAGE  0x2000
%define TABLE_PD_IMAGE    0x3000
%define TABLE_PD_LOW      0x4000
%define TABLES_SIZE       0x8000

extern boot_main
extern boot_tables_lma
extern boot_stack_top_lma
global boot_entry32
global boot_tables
global boot_stack_top

section .boot progbits alloc exec nowrite align=16
bits 32

; Multiboot2 header (Multiboot2 specification 2.0, 3.1).
align 8
header:
	dd 0xe85250d6                         ; magic
	dd 0                                  ; architecture: i386, protected mode
	dd header_end - header
	dd -(0xe85250d6 + (header_end - header)) & 0xffffffff

align 8
.request:
	dw 1, 1                               ; information request, optional:
	dd .request_end - .request
	dd 1, 2, 3, 6, 8, 14, 15              ; command line, loader, modules, memory, screen, ACPI
.request_end:
align 8
	dw 5, 1                               ; framebuffer, optional: a wish only
	dd 20
	dd 1024, 768, 32
align 8
	dw 6, 0                               ; modules on page boundaries
	dd 8
align 8
	dw 10, 0                              ; relocatable
	dd 24
	dd IMAGE_LMA, 0x7fffffff, 0x200000, 1 ; lowest, highest, alignment, prefer low
align 8
	dw 0, 0
	dd 8
header_end:

boot_entry32:
	cli
	cld
	mov edi, eax
	cmp eax, EFI_MAGIC
	je .find_base
	cmp eax, MULTIBOOT2_MAGIC
	jne .no_loader
	lea esp, [ebx + 8]                    ; the reserved word of the information is stack enough
.find_base:
	call .here
.here:
	pop ebp
	sub ebp, .here
	lea esp, [ebp + boot_stack_top_lma]

	; CPUID exists if bit 21 of EFLAGS can be toggled (SDM vol. 1, 20.1.2).
	pushfd
	pop eax
	mov ecx, eax
	xor eax, 1 << 21
	push eax
	popfd
	pushfd
	pop eax
	cmp eax, ecx
	je .no_long_mode
	mov esi, ebx                          ; CPUID clobbers ebx
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb .no_long_mode
	mov eax, 0x80000001
	cpuid
	test edx, 1 << 29
	jz .no_long_mode

	call build_tables

	mov eax, CR4_PAE                      ; and no 5-level paging
	mov cr4, eax
	lea eax, [ebp + boot_tables_lma + TABLE_PML4]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	wrmsr
	mov eax, CR0_PG_WP_NE_ET_MP_PE
	mov cr0, eax

	sub esp, 8
	mov word [esp], gdt_end - gdt - 1
	lea eax, [ebp + gdt]
	mov [esp + 2], eax
	lgdt [esp]
	push 0x08
	lea eax, [ebp + entry64]
	push eax
	retf

.no_loader:
	mov esp, 0x7c00                       ; nothing is known: memory the BIOS leaves free
	call .here2
.here2:
	pop ebp
	sub ebp, .here2
	lea esi, [ebp + text_no_loader]
	jmp complain

.no_long_mode:
	lea esi, [ebp + text_no_long_mode]
	jmp complain

; Fills the zeroed boot tables: the first 4 GiB at 0 and at the direct map base, the image at its
; linked address.
build_tables:
	lea edx, [ebp + boot_tables_lma]
	lea eax, [edx + TABLE_PDPT_LOW + PAGE_RW]
	mov [edx + TABLE_PML4], eax
	mov [edx + TABLE_PML4 + 256 * 8], eax
	lea eax, [edx + TABLE_PDPT_IMAGE + PAGE_RW]
	mov [edx + TABLE_PML4 + 511 * 8], eax
	lea eax, [edx + TABLE_PD_IMAGE + PAGE_RW]
	mov [edx + TABLE_PDPT_IMAGE + 510 * 8], eax

	lea eax, [edx + TABLE_PD_LOW + PAGE_RW]
	xor ecx, ecx
.pdpt:
	mov [edx + TABLE_PDPT_LOW + ecx * 8], eax
	add eax, 0x1000
	inc ecx
	cmp ecx, 4
	jb .pdpt

	mov eax, PAGE_RW_LARGE
	xor ecx, ecx
.pd_low:
	mov [edx + TABLE_PD_LOW + ecx * 8], eax
	add eax, 0x200000
	inc ecx
	cmp ecx, 4 * 512
	jb .pd_low

	lea eax, [ebp + IMAGE_LMA + PAGE_RW_LARGE]
	mov ecx, IMAGE_LMA / 0x200000
.pd_image:
	mov [edx + TABLE_PD_IMAGE + ecx * 8], eax
	add eax, 0x200000
	inc ecx
	cmp ecx, IMAGE_PD_ENTRIES
	jb .pd_image
	ret

; Prints the text at esi on COM1 (115200 8n1) and stops.
complain:
	mov dx, 0x3f8 + 3                     ; line control: divisor latch
	mov al, 0x80
	out dx, al
	mov dx, 0x3f8
	mov al, 1
	out dx, al
	inc dx
	xor al, al
	out dx, al
	mov dx, 0x3f8 + 3                     ; 8n1
	mov al, 3
	out dx, al
.next:
	mov ecx, 0x100000                     ; a port that is not there must not hang us
	mov dx, 0x3f8 + 5
.wait:
	in al, dx
	test al, 0x20
	loopz .wait
	lodsb
	test al, al
	jz .stop
	mov dx, 0x3f8
	out dx, al
	jmp .next
.stop:
	hlt
	jmp .stop

text_no_loader:
	db "Evenkeel: not started by a Multiboot2 loader", 13, 10, 0
text_no_long_mode:
	db "Evenkeel: this CPU has no 64-bit mode", 13, 10, 0

align 8
gdt:
	dq 0
	dq 0x00209b0000000000                 ; 64-bit code
	dq 0x00cf93000000ffff                 ; data
gdt_end:

bits 64
entry64:
	mov ax, 0x10
	mov ds, ax
	mov es, ax
	mov ss, ax
	xor eax, eax
	mov fs, ax
	mov gs, ax
	mov rsp, boot_stack_top
	xor ecx, ecx
	push rcx                              ; ends the chain of frames
	movsxd rdx, ebp                       ; displacement
	; edi: magic, esi: information
	mov edi, edi
	mov esi, esi
	xor ebp, ebp
	mov rax, boot_main
	call rax
	ud2

section .bss nobits alloc noexec write align=4096
boot_tables:
	resb TABLES_SIZE
	resb 16384
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
