/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control-register bits, MSR numbers and selectors of the machine, spelled as SDM and APM spell
 * them. Constants only, for pure code
 * too; svm/ and vmx/ keep theirs.
 */
#ifndef ARCH_X86_REGS_H
#define ARCH_X86_REGS_H

/* clang-format off */

/* Selectors of every pCPU's GDT (arch/x86/gdt.c). */
#define GDT_CODE64 0x08
#define GDT_DATA   0x10
#define GDT_TSS    0x18

#define RFLAGS_CF   (1ul << 0)
#define RFLAGS_ONE  (1ul << 1)
#define RFLAGS_TF   (1ul << 8)
#define RFLAGS_IF   (1ul << 9)
#define RFLAGS_DF   (1ul << 10)
#define RFLAGS_NT   (1ul << 14)
#define RFLAGS_RF   (1ul << 16)
#define RFLAGS_VM   (1ul << 17)
#define RFLAGS_AC   (1ul << 18)

#define CR0_PE (1ul << 0)
#define CR0_MP (1ul << 1)
#define CR0_EM (1ul << 2)
#define CR0_TS (1ul << 3)
#define CR0_ET (1ul << 4)
#define CR0_NE (1ul << 5)
#define CR0_WP (1ul << 16)
#define CR0_AM (1ul << 18)
#define CR0_NW (1ul << 29)
#define CR0_CD (1ul << 30)
#define CR0_PG (1ul << 31)

#define CR4_VME        (1ul << 0)
#define CR4_PVI        (1ul << 1)
#define CR4_TSD        (1ul << 2)
#define CR4_DE         (1ul << 3)
#define CR4_PSE        (1ul << 4)
#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_PGE        (1ul << 7)
#define CR4_PCE        (1ul << 8)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_LA57       (1ul << 12)
#define CR4_VMXE       (1ul << 13)
#define CR4_SMXE       (1ul << 14)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_PCIDE      (1ul << 17)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)
#define CR4_PKE        (1ul << 22)
#define CR4_CET        (1ul << 23)

#define EFER_SCE   (1ul << 0)
#define EFER_LME   (1ul << 8)
#define EFER_LMA   (1ul << 10)
#define EFER_NXE   (1ul << 11)
#define EFER_SVME  (1ul << 12)
#define EFER_LMSLE (1ul << 13)
#define EFER_FFXSR (1ul << 14)
#define EFER_TCE   (1ul << 15)

#define XCR0_X87 (1ul << 0)
#define XCR0_SSE (1ul << 1)
#define XCR0_AVX (1ul << 2)

#define MSR_TSC                0x10
#define MSR_APIC_BASE          0x1b
#define MSR_FEATURE_CONTROL    0x3a
#define MSR_TSC_ADJUST         0x3b
#define MSR_PRED_CMD           0x49
#define MSR_SYSENTER_CS        0x174
#define MSR_SYSENTER_ESP       0x175
#define MSR_SYSENTER_EIP       0x176
#define MSR_MISC_ENABLE        0x1a0
#define MSR_PAT                0x277
#define MSR_TSC_DEADLINE       0x6e0
#define MSR_X2APIC_BASE        0x800
#define MSR_EFER               0xc0000080
#define MSR_STAR               0xc0000081
#define MSR_LSTAR              0xc0000082
#define MSR_CSTAR              0xc0000083
#define MSR_SFMASK             0xc0000084
#define MSR_FS_BASE            0xc0000100
#define MSR_GS_BASE            0xc0000101
#define MSR_KERNEL_GS_BASE     0xc0000102
#define MSR_TSC_AUX            0xc0000103
#define MSR_DE_CFG             0xc0011029

#define DE_CFG_LFENCE_SERIALIZE (1ul << 1)

#define PRED_CMD_IBPB (1ul << 0)

#define APIC_BASE_BSP    (1ul << 8)
#define APIC_BASE_X2APIC (1ul << 10)
#define APIC_BASE_ENABLE (1ul << 11)

/* Exception vectors. */
#define VECTOR_DE  0
#define VECTOR_DB  1
#define VECTOR_NMI 2
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_BR  5
#define VECTOR_UD  6
#define VECTOR_NM  7
#define VECTOR_DF  8
#define VECTOR_TS  10
#define VECTOR_NP  11
#define VECTOR_SS  12
#define VECTOR_GP  13
#define VECTOR_PF  14
#define VECTOR_MF  16
#define VECTOR_AC  17
#define VECTOR_MC  18
#define VECTOR_XM  19
#define VECTOR_VE  20
#define VECTOR_CP  21
#define VECTOR_VC  29
#define VECTOR_SX  30

#define DR6_RESET 0xffff0ff0ul
#define DR6_BD (1ul << 13)
#define DR6_BS (1ul << 14)
#define DR7_GD (1ul << 13)

/* clang-format on */

#endif
