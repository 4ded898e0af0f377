/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control block and the numbers that go with it, as hardware defines them: layout,
 * intercept bits, exit codes, event formats, CPUID bits and MSRs of SVM. No code.
 *
 * Source: APM vol. 2, appendix B (layout), appendix C (exit codes), chapter 15 (the rest).
 */
#ifndef ARCH_X86_VIRT_SVM_VMCB_H
#define ARCH_X86_VIRT_SVM_VMCB_H

#include "kernel/lib/types.h"

struct vmcb_segment {
	u16 selector;
	u16 attr; /* VMCB_SEG_* */
	u32 limit;
	u64 base;
};
static_assert(sizeof(struct vmcb_segment) == 16, "APM vol. 2, table B-2");

/* The intercept vectors, table B-1 000h .. 014h: index into vmcb_control.intercept[]. */
enum {
	VMCB_INTERCEPT_CR,   /* 15:0 reads, 31:16 writes */
	VMCB_INTERCEPT_DR,   /* likewise */
	VMCB_INTERCEPT_EXCP, /* bit per vector */
	VMCB_INTERCEPT_MISC1,
	VMCB_INTERCEPT_MISC2,
	VMCB_INTERCEPT_MISC3, /* nothing in it is of use here */
	VMCB_INTERCEPT_COUNT
};

struct vmcb_control {
	u32 intercept[VMCB_INTERCEPT_COUNT];
	u8 reserved018[0x24];
	u16 pause_threshold;
	u16 pause_count;
	u64 iopm_pa;
	u64 msrpm_pa;
	u64 tsc_offset;
	u32 asid;
	u8 tlb_control; /* VMCB_TLB_* */
	u8 reserved05d[3];
	u64 int_ctl;	/* VMCB_V_* */
	u64 int_state;	/* VMCB_SHADOW */
	u64 exit_code;	/* VMEXIT_*, low 32 bits count */
	u64 exit_info1;
	u64 exit_info2;
	u64 exit_int_info; /* VMCB_EVENT_* */
	u64 np_ctl;	   /* VMCB_NP_ENABLE */
	u64 avic_bar;
	u64 ghcb_pa;
	u64 event_inj; /* VMCB_EVENT_* */
	u64 n_cr3;
	u64 virt_ext;
	u32 clean; /* VMCB_CLEAN_* */
	u32 reserved0c4;
	u64 nrip;
	u8 insn_byte_count;
	u8 insn_bytes[15];
	u64 avic_backing_page;
	u64 reserved0e8;
	u64 avic_logical_table;
	u64 avic_physical_table;
	u8 reserved100[0x300];
};

struct vmcb_save {
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved0a0[0x2b];
	u8 cpl;
	u32 reserved0cc;
	u64 efer;
	u8 reserved0d8[0x70];
	u64 cr4, cr3, cr0;
	u64 dr7, dr6;
	u64 rflags;
	u64 rip;
	u8 reserved180[0x58];
	u64 rsp;
	u64 s_cet, ssp, isst;
	u64 rax;
	u64 star, lstar, cstar, sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 cr2;
	u8 reserved248[0x20];
	u64 g_pat;
	u64 dbgctl, br_from, br_to, last_excp_from, last_excp_to;
	u8 reserved298[0x48];
	u64 spec_ctrl;
	u8 reserved2e8[0x918];
};

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
};

/* clang-format off */
assert_offset(struct vmcb_control, intercept,           0x000);
assert_offset(struct vmcb_control, pause_threshold,     0x03c);
assert_offset(struct vmcb_control, pause_count,         0x03e);
assert_offset(struct vmcb_control, iopm_pa,             0x040);
assert_offset(struct vmcb_control, msrpm_pa,            0x048);
assert_offset(struct vmcb_control, tsc_offset,          0x050);
assert_offset(struct vmcb_control, asid,                0x058);
assert_offset(struct vmcb_control, tlb_control,         0x05c);
assert_offset(struct vmcb_control, int_ctl,             0x060);
assert_offset(struct vmcb_control, int_state,           0x068);
assert_offset(struct vmcb_control, exit_code,           0x070);
assert_offset(struct vmcb_control, exit_info1,          0x078);
assert_offset(struct vmcb_control, exit_info2,          0x080);
assert_offset(struct vmcb_control, exit_int_info,       0x088);
assert_offset(struct vmcb_control, np_ctl,              0x090);
assert_offset(struct vmcb_control, avic_bar,            0x098);
assert_offset(struct vmcb_control, ghcb_pa,             0x0a0);
assert_offset(struct vmcb_control, event_inj,           0x0a8);
assert_offset(struct vmcb_control, n_cr3,               0x0b0);
assert_offset(struct vmcb_control, virt_ext,            0x0b8);
assert_offset(struct vmcb_control, clean,               0x0c0);
assert_offset(struct vmcb_control, nrip,                0x0c8);
assert_offset(struct vmcb_control, insn_byte_count,     0x0d0);
assert_offset(struct vmcb_control, insn_bytes,          0x0d1);
assert_offset(struct vmcb_control, avic_backing_page,   0x0e0);
assert_offset(struct vmcb_control, avic_logical_table,  0x0f0);
assert_offset(struct vmcb_control, avic_physical_table, 0x0f8);
static_assert(sizeof(struct vmcb_control) == 0x400, "APM vol. 2, table B-1");

assert_offset(struct vmcb_save, es,             0x000);
assert_offset(struct vmcb_save, cs,             0x010);
assert_offset(struct vmcb_save, ss,             0x020);
assert_offset(struct vmcb_save, ds,             0x030);
assert_offset(struct vmcb_save, fs,             0x040);
assert_offset(struct vmcb_save, gs,             0x050);
assert_offset(struct vmcb_save, gdtr,           0x060);
assert_offset(struct vmcb_save, ldtr,           0x070);
assert_offset(struct vmcb_save, idtr,           0x080);
assert_offset(struct vmcb_save, tr,             0x090);
assert_offset(struct vmcb_save, cpl,            0x0cb);
assert_offset(struct vmcb_save, efer,           0x0d0);
assert_offset(struct vmcb_save, cr4,            0x148);
assert_offset(struct vmcb_save, cr3,            0x150);
assert_offset(struct vmcb_save, cr0,            0x158);
assert_offset(struct vmcb_save, dr7,            0x160);
assert_offset(struct vmcb_save, dr6,            0x168);
assert_offset(struct vmcb_save, rflags,         0x170);
assert_offset(struct vmcb_save, rip,            0x178);
assert_offset(struct vmcb_save, rsp,            0x1d8);
assert_offset(struct vmcb_save, s_cet,          0x1e0);
assert_offset(struct vmcb_save, ssp,            0x1e8);
assert_offset(struct vmcb_save, isst,           0x1f0);
assert_offset(struct vmcb_save, rax,            0x1f8);
assert_offset(struct vmcb_save, star,           0x200);
assert_offset(struct vmcb_save, lstar,          0x208);
assert_offset(struct vmcb_save, cstar,          0x210);
assert_offset(struct vmcb_save, sfmask,         0x218);
assert_offset(struct vmcb_save, kernel_gs_base, 0x220);
assert_offset(struct vmcb_save, sysenter_cs,    0x228);
assert_offset(struct vmcb_save, sysenter_esp,   0x230);
assert_offset(struct vmcb_save, sysenter_eip,   0x238);
assert_offset(struct vmcb_save, cr2,            0x240);
assert_offset(struct vmcb_save, g_pat,          0x268);
assert_offset(struct vmcb_save, dbgctl,         0x270);
assert_offset(struct vmcb_save, br_from,        0x278);
assert_offset(struct vmcb_save, br_to,          0x280);
assert_offset(struct vmcb_save, last_excp_from, 0x288);
assert_offset(struct vmcb_save, last_excp_to,   0x290);
assert_offset(struct vmcb_save, spec_ctrl,      0x2e0);
assert_offset(struct vmcb, save, 0x400);
static_assert(sizeof(struct vmcb) == PAGE_SIZE, "a VMCB is one page");

/* Attributes of a segment: descriptor bits 55:52 and 47:40 in 12 bits. */
#define VMCB_SEG_LOW  0x0ffu   /* type, S, DPL, P */
#define VMCB_SEG_P    0x080u
#define VMCB_SEG_HIGH 0xf00u   /* AVL, L, D/B, G */
#define VMCB_SEG_L    0x200u
#define VMCB_SEG_DB   0x400u
#define VMCB_SEG_G    0x800u

/* tlb_control */
enum { VMCB_TLB_NONE = 0, VMCB_TLB_FLUSH_ALL = 1, VMCB_TLB_FLUSH_ASID = 3 };

/* int_ctl */
#define VMCB_V_TPR          0xfull
#define VMCB_V_IRQ          BIT(8)
#define VMCB_V_PRIO_SHIFT   16
#define VMCB_V_IGN_TPR      BIT(20)
#define VMCB_V_INTR_MASKING BIT(24)
#define VMCB_V_VECTOR_SHIFT 32

/* int_state */
#define VMCB_SHADOW BIT(0)

/* np_ctl */
#define VMCB_NP_ENABLE BIT(0)

/* clean: the groups of fields that software left alone since the last exit. */
enum {
	VMCB_CLEAN_I = BIT(0),    /* intercepts, TSC offset, pause filter */
	VMCB_CLEAN_IOPM = BIT(1), /* and MSRPM: the base addresses */
	VMCB_CLEAN_ASID = BIT(2),
	VMCB_CLEAN_TPR = BIT(3),  /* int_ctl */
	VMCB_CLEAN_NP = BIT(4),   /* np_ctl, n_cr3, g_pat */
	VMCB_CLEAN_CR = BIT(5),   /* cr0, cr3, cr4, efer */
	VMCB_CLEAN_DR = BIT(6),
	VMCB_CLEAN_DT = BIT(7),   /* gdtr, idtr */
	VMCB_CLEAN_SEG = BIT(8),  /* cs, ds, ss, es, cpl */
	VMCB_CLEAN_CR2 = BIT(9),
	VMCB_CLEAN_ALL = 0x3ff,
};

/* event_inj, exit_int_info */
#define VMCB_EVENT_VECTOR     0xffull
#define VMCB_EVENT_TYPE_SHIFT 8
#define VMCB_EVENT_TYPE       7ull
#define VMCB_EVENT_ERROR      BIT(11)
#define VMCB_EVENT_VALID      BIT(31)
#define VMCB_EVENT_CODE_SHIFT 32
enum {
	VMCB_TYPE_INTR = 0,
	VMCB_TYPE_NMI = 2,
	VMCB_TYPE_EXCEPTION = 3,
	VMCB_TYPE_SOFT = 4,
};

/* Bits of the first two miscellaneous intercept words. */
enum {
	MISC1_INTR = 0, MISC1_NMI = 1, MISC1_SMI = 2, MISC1_INIT = 3, MISC1_RDPMC = 15,
	MISC1_CPUID = 18, MISC1_IRET = 20, MISC1_INVD = 22, MISC1_PAUSE = 23, MISC1_HLT = 24,
	MISC1_INVLPGA = 26, MISC1_IOIO = 27, MISC1_MSR = 28, MISC1_TASK_SWITCH = 29,
	MISC1_SHUTDOWN = 31,
};
enum {
	MISC2_VMRUN = 0, MISC2_VMMCALL = 1, MISC2_VMLOAD = 2, MISC2_VMSAVE = 3, MISC2_STGI = 4,
	MISC2_CLGI = 5, MISC2_SKINIT = 6, MISC2_WBINVD = 9, MISC2_MONITOR = 10, MISC2_MWAIT = 11,
	MISC2_XSETBV = 13, MISC2_RDPRU = 14,
};

/* exit_code */
enum {
	VMEXIT_CR_READ = 0x000,  /* + number of the register */
	VMEXIT_CR_WRITE = 0x010,
	VMEXIT_EXCP = 0x040,     /* + vector */
	VMEXIT_INTR = 0x060,
	VMEXIT_NMI = 0x061,
	VMEXIT_SMI = 0x062,
	VMEXIT_INIT = 0x063,
	VMEXIT_RDPMC = 0x06f,
	VMEXIT_CPUID = 0x072,
	VMEXIT_IRET = 0x074,
	VMEXIT_INVD = 0x076,
	VMEXIT_PAUSE = 0x077,
	VMEXIT_HLT = 0x078,
	VMEXIT_INVLPGA = 0x07a,
	VMEXIT_IOIO = 0x07b,
	VMEXIT_MSR = 0x07c,
	VMEXIT_TASK_SWITCH = 0x07d,
	VMEXIT_SHUTDOWN = 0x07f,
	VMEXIT_VMRUN = 0x080,
	VMEXIT_VMMCALL = 0x081,
	VMEXIT_VMLOAD = 0x082,
	VMEXIT_VMSAVE = 0x083,
	VMEXIT_STGI = 0x084,
	VMEXIT_CLGI = 0x085,
	VMEXIT_SKINIT = 0x086,
	VMEXIT_WBINVD = 0x089,
	VMEXIT_MONITOR = 0x08a,
	VMEXIT_MWAIT = 0x08b,
	VMEXIT_XSETBV = 0x08d,
	VMEXIT_RDPRU = 0x08e,
	VMEXIT_NPF = 0x400,
};
#define VMEXIT_INVALID 0xffffffffu /* of the low 32 bits */

/* exit_info1 of VMEXIT_IOIO (15.10.2) */
#define IOIO_IN         BIT(0)
#define IOIO_STR        BIT(2)
#define IOIO_REP        BIT(3)
#define IOIO_SIZE_SHIFT 4       /* one bit each for 1, 2, 4 bytes */
#define IOIO_SIZE       7u
#define IOIO_PORT_SHIFT 16

/* exit_info1 of VMEXIT_NPF (15.25.6) */
#define NPF_PRESENT BIT(0)
#define NPF_WRITE   BIT(1)
#define NPF_FETCH   BIT(4)
#define NPF_WALK    BIT(33)

/* exit_info1 of VMEXIT_CR_* with decode assists (15.8.1) */
#define CR_INFO_MOV BIT(63)
#define CR_INFO_GPR 0xfu

/* MSRs (15.30) */
#define MSR_TSC_RATIO   0xc0000104
#define MSR_VM_CR       0xc0010114
#define MSR_VM_HSAVE_PA 0xc0010117
#define VM_CR_LOCK      BIT(3)
#define VM_CR_SVMDIS    BIT(4)
#define TSC_RATIO_ONE   BIT(32) /* 8.32 fixed point */

/* CPUID 8000_000A EDX (APM vol. 3, E.4.9) */
#define SVM_CPUID_NP              BIT(0)
#define SVM_CPUID_NRIPS           BIT(3)
#define SVM_CPUID_TSC_RATE        BIT(4)
#define SVM_CPUID_CLEAN           BIT(5)
#define SVM_CPUID_FLUSH_BY_ASID   BIT(6)
#define SVM_CPUID_DECODE_ASSISTS  BIT(7)
#define SVM_CPUID_PAUSE_FILTER    BIT(10)
#define SVM_CPUID_PAUSE_THRESHOLD BIT(12)

/* clang-format on */

#endif
