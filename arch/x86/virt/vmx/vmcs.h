/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of VT-x as hardware defines them: VMCS field encodings, control bits, exit reasons, event and exit
 * formats, capability MSRs. The layout of a VMCS in memory is the CPU's own affair. No code.
 *
 * Source: SDM vol. 3, chapters 24 to 28, appendices A (capability MSRs), B (fields), C (exit reasons).
 */
#ifndef ARCH_X86_VIRT_VMX_VMCS_H
#define ARCH_X86_VIRT_VMX_VMCS_H

#include "kernel/lib/types.h"

/* clang-format off */

/* Fields (appendix B). Of each kind of segment field there are eight in the order of enum virt_seg, 2 apart. */
enum vmcs_field {
	/* 16 bits */
	VMCS_VPID                  = 0x0000,
	VMCS_GUEST_SELECTOR        = 0x0800,
	VMCS_GUEST_INTR_STATUS     = 0x0810,
	VMCS_HOST_ES               = 0x0c00,
	VMCS_HOST_CS               = 0x0c02,
	VMCS_HOST_SS               = 0x0c04,
	VMCS_HOST_DS               = 0x0c06,
	VMCS_HOST_FS               = 0x0c08,
	VMCS_HOST_GS               = 0x0c0a,
	VMCS_HOST_TR               = 0x0c0c,
	/* 64 bits */
	VMCS_MSR_BITMAP            = 0x2004,
	VMCS_TSC_OFFSET            = 0x2010,
	VMCS_VIRTUAL_APIC          = 0x2012,
	VMCS_APIC_ACCESS           = 0x2014,
	VMCS_EPTP                  = 0x201a,
	VMCS_ENCLS_EXITING         = 0x202e,
	VMCS_GUEST_PHYSICAL        = 0x2400,
	VMCS_LINK                  = 0x2800,
	VMCS_GUEST_DEBUGCTL        = 0x2802,
	VMCS_GUEST_PAT             = 0x2804,
	VMCS_GUEST_EFER            = 0x2806,
	VMCS_GUEST_PDPTE           = 0x280a, /* four, 2 apart */
	VMCS_HOST_PAT              = 0x2c00,
	VMCS_HOST_EFER             = 0x2c02,
	/* 32 bits */
	VMCS_PIN                   = 0x4000,
	VMCS_PROC                  = 0x4002,
	VMCS_EXCEPTIONS            = 0x4004,
	VMCS_PF_MASK               = 0x4006,
	VMCS_PF_MATCH              = 0x4008,
	VMCS_CR3_TARGET_COUNT      = 0x400a,
	VMCS_EXIT                  = 0x400c,
	VMCS_EXIT_MSR_STORE_COUNT  = 0x400e,
	VMCS_EXIT_MSR_LOAD_COUNT   = 0x4010,
	VMCS_ENTRY                 = 0x4012,
	VMCS_ENTRY_MSR_LOAD_COUNT  = 0x4014,
	VMCS_ENTRY_EVENT           = 0x4016,
	VMCS_ENTRY_ERROR           = 0x4018,
	VMCS_ENTRY_INSN_LEN        = 0x401a,
	VMCS_TPR_THRESHOLD         = 0x401c,
	VMCS_PROC2                 = 0x401e,
	VMCS_PLE_GAP               = 0x4020,
	VMCS_PLE_WINDOW            = 0x4022,
	VMCS_INSN_ERROR            = 0x4400,
	VMCS_EXIT_REASON           = 0x4402,
	VMCS_EXIT_EVENT            = 0x4404,
	VMCS_EXIT_ERROR            = 0x4406,
	VMCS_IDT_EVENT             = 0x4408,
	VMCS_IDT_ERROR             = 0x440a,
	VMCS_EXIT_INSN_LEN         = 0x440c,
	VMCS_GUEST_LIMIT           = 0x4800,
	VMCS_GUEST_GDTR_LIMIT      = 0x4810,
	VMCS_GUEST_IDTR_LIMIT      = 0x4812,
	VMCS_GUEST_ATTR            = 0x4814,
	VMCS_GUEST_INTERRUPTIBILITY = 0x4824,
	VMCS_GUEST_ACTIVITY        = 0x4826,
	VMCS_GUEST_SYSENTER_CS     = 0x482a,
	VMCS_GUEST_TIMER           = 0x482e,
	VMCS_HOST_SYSENTER_CS      = 0x4c00,
	/* natural width */
	VMCS_CR0_MASK              = 0x6000,
	VMCS_CR4_MASK              = 0x6002,
	VMCS_CR0_SHADOW            = 0x6004,
	VMCS_CR4_SHADOW            = 0x6006,
	VMCS_QUALIFICATION         = 0x6400,
	VMCS_GUEST_LINEAR          = 0x640a,
	VMCS_GUEST_CR0             = 0x6800,
	VMCS_GUEST_CR3             = 0x6802,
	VMCS_GUEST_CR4             = 0x6804,
	VMCS_GUEST_BASE            = 0x6806,
	VMCS_GUEST_GDTR_BASE       = 0x6816,
	VMCS_GUEST_IDTR_BASE       = 0x6818,
	VMCS_GUEST_DR7             = 0x681a,
	VMCS_GUEST_RSP             = 0x681c,
	VMCS_GUEST_RIP             = 0x681e,
	VMCS_GUEST_RFLAGS          = 0x6820,
	VMCS_GUEST_PENDING_DEBUG   = 0x6822,
	VMCS_GUEST_SYSENTER_ESP    = 0x6824,
	VMCS_GUEST_SYSENTER_EIP    = 0x6826,
	VMCS_HOST_CR0              = 0x6c00,
	VMCS_HOST_CR3              = 0x6c02,
	VMCS_HOST_CR4              = 0x6c04,
	VMCS_HOST_FS_BASE          = 0x6c06,
	VMCS_HOST_GS_BASE          = 0x6c08,
	VMCS_HOST_TR_BASE          = 0x6c0a,
	VMCS_HOST_GDTR_BASE        = 0x6c0c,
	VMCS_HOST_IDTR_BASE        = 0x6c0e,
	VMCS_HOST_SYSENTER_ESP     = 0x6c10,
	VMCS_HOST_SYSENTER_EIP     = 0x6c12,
	VMCS_HOST_RSP              = 0x6c14,
	VMCS_HOST_RIP              = 0x6c16,
};

/* The element of a group of segment or PDPTE fields. */
#define VMCS_NTH(field, n) ((u32)(field) + 2u * (u32)(n))

/* Pin-based controls (table 24-5). */
#define PIN_EXTINT        BIT(0)
#define PIN_NMI           BIT(3)
#define PIN_VIRTUAL_NMIS  BIT(5)
#define PIN_TIMER         BIT(6)

/* Primary processor-based controls (table 24-6). */
#define PROC_INTR_WINDOW  BIT(2)
#define PROC_TSC_OFFSET   BIT(3)
#define PROC_HLT          BIT(7)
#define PROC_INVLPG       BIT(9)
#define PROC_MWAIT        BIT(10)
#define PROC_RDPMC        BIT(11)
#define PROC_RDTSC        BIT(12)
#define PROC_CR3_LOAD     BIT(15)
#define PROC_CR3_STORE    BIT(16)
#define PROC_CR8_LOAD     BIT(19)
#define PROC_CR8_STORE    BIT(20)
#define PROC_TPR_SHADOW   BIT(21)
#define PROC_NMI_WINDOW   BIT(22)
#define PROC_MOV_DR       BIT(23)
#define PROC_IO           BIT(24)
#define PROC_MSR_BITMAP   BIT(28)
#define PROC_MONITOR      BIT(29)
#define PROC_PAUSE        BIT(30)
#define PROC_SECONDARY    BIT(31)

/* Secondary processor-based controls (table 24-7). */
#define PROC2_APIC_ACCESS BIT(0)
#define PROC2_EPT         BIT(1)
#define PROC2_DESCRIPTOR  BIT(2)
#define PROC2_RDTSCP      BIT(3)
#define PROC2_VPID        BIT(5)
#define PROC2_WBINVD      BIT(6)
#define PROC2_UNRESTRICTED BIT(7)
#define PROC2_APIC_REGS   BIT(8)
#define PROC2_PAUSE_LOOP  BIT(10)
#define PROC2_ENCLS       BIT(15)
#define PROC2_TSC_SCALING BIT(25)

/* VM-exit controls (table 24-13). */
#define EXIT_CTL_SAVE_DEBUG BIT(2)
#define EXIT_CTL_HOST64     BIT(9)
#define EXIT_CTL_ACK_INTR   BIT(15)
#define EXIT_CTL_SAVE_PAT   BIT(18)
#define EXIT_CTL_LOAD_PAT   BIT(19)
#define EXIT_CTL_SAVE_EFER  BIT(20)
#define EXIT_CTL_LOAD_EFER  BIT(21)
#define EXIT_CTL_SAVE_TIMER BIT(22)

/* VM-entry controls (table 24-15). */
#define ENTRY_CTL_LOAD_DEBUG BIT(2)
#define ENTRY_CTL_IA32E      BIT(9)
#define ENTRY_CTL_LOAD_PAT   BIT(14)
#define ENTRY_CTL_LOAD_EFER  BIT(15)

/* Guest interruptibility (table 24-3). */
#define INTR_STATE_STI    BIT(0)
#define INTR_STATE_MOV_SS BIT(1)
#define INTR_STATE_NMI    BIT(3)
#define INTR_STATE_SHADOW (INTR_STATE_STI | INTR_STATE_MOV_SS)

#define PENDING_DEBUG_BS  BIT(14)

/* Event formats: entry interruption information, exit interruption information, IDT-vectoring information (24.8.3, 24.9.2,
 * 24.9.3). */
#define VMX_EVENT_VECTOR       0xffu
#define VMX_EVENT_TYPE_SHIFT   8
#define VMX_EVENT_TYPE         7u
#define VMX_EVENT_ERROR        BIT(11)
#define VMX_EVENT_IRET_UNBLOCK BIT(12) /* exit: IRET had ended NMI blocking before it faulted */
#define VMX_EVENT_VALID        BIT(31)
enum {
	VMX_TYPE_EXTINT = 0,
	VMX_TYPE_NMI = 2,
	VMX_TYPE_HW_EXCEPTION = 3,
	VMX_TYPE_SOFTINT = 4,
	VMX_TYPE_PRIV_SW_EXCEPTION = 5, /* INT1 */
	VMX_TYPE_SW_EXCEPTION = 6,      /* INT3, INTO */
};

/* Basic exit reasons (appendix C). */
enum vmx_reason {
	VMX_REASON_EVENT = 0,
	VMX_REASON_EXTINT = 1,
	VMX_REASON_TRIPLE_FAULT = 2,
	VMX_REASON_INIT = 3,
	VMX_REASON_SIPI = 4,
	VMX_REASON_IO_SMI = 5,
	VMX_REASON_SMI = 6,
	VMX_REASON_INTR_WINDOW = 7,
	VMX_REASON_NMI_WINDOW = 8,
	VMX_REASON_TASK_SWITCH = 9,
	VMX_REASON_CPUID = 10,
	VMX_REASON_GETSEC = 11,
	VMX_REASON_HLT = 12,
	VMX_REASON_INVD = 13,
	VMX_REASON_RDPMC = 15,
	VMX_REASON_VMCALL = 18,
	VMX_REASON_VMCLEAR = 19,
	VMX_REASON_VMXON = 27,
	VMX_REASON_CR = 28,
	VMX_REASON_IO = 30,
	VMX_REASON_RDMSR = 31,
	VMX_REASON_WRMSR = 32,
	VMX_REASON_GUEST_STATE = 33,
	VMX_REASON_MSR_LOAD = 34,
	VMX_REASON_MWAIT = 36,
	VMX_REASON_MONITOR = 39,
	VMX_REASON_PAUSE = 40,
	VMX_REASON_MACHINE_CHECK = 41,
	VMX_REASON_TPR_THRESHOLD = 43,
	VMX_REASON_APIC_ACCESS = 44,
	VMX_REASON_EPT_VIOLATION = 48,
	VMX_REASON_EPT_MISCONFIG = 49,
	VMX_REASON_INVEPT = 50,
	VMX_REASON_TIMER = 52,
	VMX_REASON_INVVPID = 53,
	VMX_REASON_WBINVD = 54,
	VMX_REASON_XSETBV = 55,
	VMX_REASON_APIC_WRITE = 56,
	VMX_REASON_VMFUNC = 59,
	VMX_REASON_ENCLS = 60,
};
#define VMX_REASON_BASIC        0xffffu
#define VMX_REASON_ENTRY_FAILED BIT(31)

/* Exit qualification of I/O (table 27-5). */
#define QUAL_IO_SIZE        7u /* minus 1 */
#define QUAL_IO_IN          BIT(3)
#define QUAL_IO_STRING      BIT(4)
#define QUAL_IO_REP         BIT(5)
#define QUAL_IO_PORT_SHIFT  16

/* Of control-register accesses (table 27-3). */
#define QUAL_CR_NUMBER      0xfu
#define QUAL_CR_TYPE_SHIFT  4
#define QUAL_CR_TYPE        3u
#define QUAL_CR_GPR_SHIFT   8
#define QUAL_CR_GPR         0xfu
#define QUAL_CR_LMSW_SHIFT  16
#define QUAL_CR_LMSW        0xffffu
enum { QUAL_CR_MOV_TO, QUAL_CR_MOV_FROM, QUAL_CR_CLTS, QUAL_CR_LMSW_TYPE };

/* Of EPT violations (table 27-7). */
/* Table 27-6: accesses of the APIC page; types other than these two come without an instruction of the guest's. */
#define QUAL_APIC_OFFSET      0xfffu
#define QUAL_APIC_TYPE_SHIFT  12
#define QUAL_APIC_TYPE        0xfu
enum { QUAL_APIC_READ, QUAL_APIC_WRITE, QUAL_APIC_FETCH };

#define QUAL_EPT_READ         BIT(0)
#define QUAL_EPT_WRITE        BIT(1)
#define QUAL_EPT_FETCH        BIT(2)
#define QUAL_EPT_ALLOWED      (BIT(3) | BIT(4) | BIT(5))
#define QUAL_EPT_LINEAR       BIT(7) /* there is a linear address */
#define QUAL_EPT_FINAL        BIT(8) /* its translation, rather than a walk for it */
#define QUAL_EPT_IRET_UNBLOCK BIT(12)

/* EPT entries (28.2.2) and the EPT pointer (24.6.11). */
#define EPT_READ       BIT(0)
#define EPT_WRITE      BIT(1)
#define EPT_EXEC       BIT(2)
#define EPT_TYPE_WB    (6ull << 3)
#define EPT_LARGE      BIT(7)
#define EPT_ACCESSED   BIT(8)
#define EPT_DIRTY      BIT(9)
#define EPTP_TYPE_WB   6ull
#define EPTP_LEVELS(n) (((u64)(n) - 1) << 3)
#define EPTP_AD        BIT(6)

/* Capability MSRs (appendix A). */
#define MSR_VMX_BASIC        0x480
#define MSR_VMX_PIN          0x481
#define MSR_VMX_PROC         0x482
#define MSR_VMX_EXIT         0x483
#define MSR_VMX_ENTRY        0x484
#define MSR_VMX_MISC         0x485
#define MSR_VMX_CR0_FIXED0   0x486
#define MSR_VMX_CR0_FIXED1   0x487
#define MSR_VMX_CR4_FIXED0   0x488
#define MSR_VMX_CR4_FIXED1   0x489
#define MSR_VMX_PROC2        0x48b
#define MSR_VMX_EPT_VPID     0x48c
#define MSR_VMX_TRUE_PIN     0x48d
#define MSR_VMX_TRUE_PROC    0x48e
#define MSR_VMX_TRUE_EXIT    0x48f
#define MSR_VMX_TRUE_ENTRY   0x490

#define VMX_BASIC_REVISION   0x7fffffffu
#define VMX_BASIC_TRUE       BIT(55)
#define VMX_MISC_TIMER_SHIFT 0x1fu /* the timer counts changes of this bit of the TSC */

#define VMX_EPT_4_LEVELS     BIT(6)
#define VMX_EPT_WB           BIT(14)
#define VMX_EPT_2M           BIT(16)
#define VMX_EPT_1G           BIT(17)
#define VMX_EPT_INVEPT       BIT(20)
#define VMX_EPT_AD           BIT(21)
#define VMX_EPT_INVEPT_ONE   BIT(25)
#define VMX_EPT_INVEPT_ALL   BIT(26)
#define VMX_VPID_INVVPID     BIT(32)
#define VMX_VPID_INVVPID_ONE BIT(41)
#define VMX_VPID_INVVPID_ALL BIT(42)
enum { INVALIDATE_ONE = 1, INVALIDATE_ALL = 2 }; /* INVEPT and INVVPID types */

/* IA32_FEATURE_CONTROL */
#define FEATURE_CONTROL_LOCK BIT(0)
#define FEATURE_CONTROL_VMX  BIT(2) /* outside SMX */

#define VAPIC_TPR 0x80u /* offset in the virtual-APIC page */

/* clang-format on */

#endif
