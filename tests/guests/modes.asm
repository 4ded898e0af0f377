; SPDX-License-Identifier: GPL-2.0-only
; modes_run(): a walk through all operating modes of the CPU and back (SDM volume 3, 9.9). In each the same payload
; executes instructions that exit, plain and with prefixes, and leaves what it saw at RESULTS + 32 * mode.
; 16-bit parts lie between modes_low and modes_low_end and run at LOW, where modes.c has copied them.

LOW        equ 0x7000
RESULTS    equ 0x5000
SEL_CODE64 equ 0x08
SEL_DATA   equ 0x10
SEL_CODE32 equ 0x18
SEL_CODE16 equ 0x38
SEL_DATA16 equ 0x40
MSR_EFER   equ 0xc0000080
MSR_GS     equ 0xc0000101

extern modes_pd32, modes_pdpt, boot_pml4
global modes_run, modes_low, modes_low_end

%define L(label) (LOW + label - modes_low)

; +0 EBX of CPUID 0, +4 the same with prefixes, +8 and +9 the PIC masks, +12 EFER, +16 RSI after OUTSB, +20 dword read
; of ports 80h.. through EAX: its low byte only, +24 mode number + 1
%macro PAYLOAD 1
	xor eax, eax
	cpuid
	mov [abs RESULTS + %1 * 32], ebx
	xor eax, eax
	db 0x2e, 0x66
	cpuid
	mov [abs RESULTS + %1 * 32 + 4], ebx
	in al, 0x21
	mov [abs RESULTS + %1 * 32 + 8], al
	mov dx, 0xa1
	db 0x67
	in al, dx
	mov [abs RESULTS + %1 * 32 + 9], al
	mov ecx, MSR_EFER
	rdmsr
	mov [abs RESULTS + %1 * 32 + 12], eax
	mov dx, 0x80
	mov esi, RESULTS
	outsb
	o16 outsw
	mov [abs RESULTS + %1 * 32 + 16], esi
	mov byte [abs RESULTS + %1 * 32 + 24], %1 + 1
%endmacro

; The version register of the local APIC, where the segment reaches it: +20.
%macro MMIO 1
	mov edi, 0xfee00030
	mov eax, [edi]
	mov [abs RESULTS + %1 * 32 + 20], eax
%endmacro

%macro PAGING_OFF 0
	mov eax, cr0
	and eax, 0x7fffffff
	mov cr0, eax
%endmacro

%macro PAGING_ON 0
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
%endmacro

; The same, and CR0.CD changes with it: a write that hypervisors may have to carry out themselves, with all
; that paging brings: the PAE directory pointers, EFER.LMA.
%macro PAGING_ON_CACHES_OFF 0
	mov eax, cr0
	or eax, 0xc0000000
	mov cr0, eax
%endmacro

%macro PAGING_AND_CACHES_ON 0
	mov eax, cr0
	or eax, 0x80000000
	and eax, ~0x40000000
	mov cr0, eax
%endmacro

section .text
bits 64
modes_run:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	PAYLOAD 0
	MMIO 0
	mov [abs saved_rsp], rsp
	sidt [abs saved_idt]
	mov rax, [gs:0]
	mov [abs saved_gs], rax
	push qword SEL_CODE32
	push qword compat32
	o64 retf

bits 32
compat32:
	PAYLOAD 1
	MMIO 1
	jmp SEL_CODE16:L(compat16)
compat32_again:
	PAGING_OFF
	mov ecx, MSR_EFER
	rdmsr
	and eax, ~0x100
	wrmsr
	PAYLOAD 3
	MMIO 3
	mov eax, cr4
	mov [saved_cr4], eax
	and eax, ~0x20
	or eax, 0x10			; PSE
	mov cr4, eax
	mov eax, modes_pd32
	mov cr3, eax
	PAGING_ON
	PAYLOAD 4
	MMIO 4
	PAGING_OFF
	mov eax, [saved_cr4]
	mov cr4, eax
	mov eax, modes_pdpt
	mov cr3, eax
	PAGING_ON_CACHES_OFF
	PAYLOAD 5
	MMIO 5
	PAGING_OFF
	jmp SEL_CODE16:L(protected16)

protected32_again:
	mov eax, SEL_DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov eax, boot_pml4
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, 0x100
	wrmsr
	PAGING_AND_CACHES_ON
	jmp SEL_CODE64:long_again
bits 64
long_again:
	mov rsp, [abs saved_rsp]
	lidt [abs saved_idt]
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov eax, [abs saved_gs]
	mov edx, [abs saved_gs + 4]
	mov ecx, MSR_GS
	wrmsr
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret

bits 16
align 16
modes_low:
compat16:
	PAYLOAD 2
	MMIO 2
	jmp dword SEL_CODE32:compat32_again
protected16:
	PAYLOAD 6
	MMIO 6
	mov ax, SEL_DATA16
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov fs, ax
	mov gs, ax
	mov eax, cr0
	and al, 0xfe
	mov cr0, eax
	jmp 0:L(real)
real:
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, LOW
	lidt [L(real_idt)]
	PAYLOAD 7
	mov word [0x60 * 4], L(on_int60)
	mov word [0x60 * 4 + 2], 0
	mov word [0x20 * 4], L(on_irq0)
	mov word [0x20 * 4 + 2], 0
	mov word [6 * 4], L(on_ud)
	mov word [6 * 4 + 2], 0
	int 0x60
	ud2
	sti
	hlt				; the PIT wakes it
	cli
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp dword SEL_CODE32:protected32_again
on_int60:
	inc byte [RESULTS + 8 * 32]
	iret
on_irq0:
	inc byte [RESULTS + 8 * 32 + 1]
	push ax
	mov al, 0x20
	out 0x20, al
	pop ax
	iret
on_ud:
	inc byte [RESULTS + 8 * 32 + 2]
	push bp
	mov bp, sp
	add word [bp + 2], 2		; behind UD2
	pop bp
	iret
real_idt:
	dw 0x3ff
	dd 0
modes_low_end:

section .data
align 8
saved_rsp: dq 0
saved_gs:  dq 0
saved_cr4: dd 0
saved_idt: dw 0
	   dq 0
