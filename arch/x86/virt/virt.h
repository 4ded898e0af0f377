/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * THE interface between the hypervisor and hardware virtualisation: AMD-V (svm/) and VT-x (vmx/)
 * each provide one const `struct virt_ops`. Everything above it is vendor-neutral.
 *
 * One entry into a guest:
 *   kernel fills `struct virt_inject` (what to deliver, if anything) -> ops->run() -> hardware -> exit ->
 *   ops->run() fills virt_vcpu.exit (what happened) and updates the virt_vcpu fields marked [x].
 *
 * The round trip of an exit that concerns no event is the hypervisor's hottest path. What it needs costs no
 * call: general registers, RIP and RFLAGS are reached through struct virt_vcpu, and the exit says where the
 * next instruction begins. All else is get_state().
 *
 * Called with interrupts disabled, on the pCPU on which the vCPU is loaded, by the one pCPU that
 * owns the vCPU at the time, except where noted.
 */
#ifndef ARCH_X86_VIRT_VIRT_H
#define ARCH_X86_VIRT_VIRT_H

#include "arch/x86/emul/code_cache.h"
#include "arch/x86/regs.h"
#include "kernel/lib/types.h"

struct virt_vm;
struct virt_vcpu;
struct walk_mem;

/* --- events ----------------------------------------------------------------------------------- */

enum virt_event_type {
	VIRT_EVENT_NONE,
	VIRT_EVENT_EXTINT,    /* external interrupt */
	VIRT_EVENT_NMI,
	VIRT_EVENT_EXCEPTION, /* faults, traps, #DB, #AC ... */
	VIRT_EVENT_SOFTINT,   /* INT n, INT3, INTO: only ever seen as interrupted events */
};

/* An event to deliver through the guest's IDT, or one whose delivery an exit interrupted. */
struct virt_event {
	enum virt_event_type type;
	u8 vector;
	bool has_error;
	u8 insn_len; /* SOFTINT: length of the instruction, to be skipped by delivery; else 0 */
	u32 error;
};

/* What the next entry shall deliver. */
struct virt_inject {
	/* Delivered unconditionally before the first guest instruction; type NONE for nothing. The
	 * caller has resolved combinations (double faults) and blocking already: an NMI only when neither
	 * nmi_blocked nor irq_deferred; for #PF it has set CR2, for #DB it has merged DR6. */
	struct virt_event event;
	/* Offered: delivered as soon as the guest can take it (IF set, no shadow, no event before it). The exit
	 * says in vm_exit.irq_taken whether it was. An untaken offer is void after the exit. */
	bool irq_offered;
	u8 irq_vector;
	/* Exit with EXIT_NMI_WINDOW when nmi_blocked ends. */
	bool nmi_window;
	/* An interrupt is pending below the guest's TPR: exit with EXIT_CR_ACCESS (write of CR8, still to be done) or
	 * EXIT_WINDOW (it is done) when the guest changes it. */
	bool cr8_watch;
};

/* --- exits ------------------------------------------------------------------------------------ */

enum vm_exit_kind {
	EXIT_INTR,	   /* a machine interrupt is pending: open an interrupt window */
	EXIT_HANDLED,	   /* done with inside run(), or overtaken by the guest: just enter again */
	EXIT_NMI,	   /* a machine NMI, SMI, INIT or #MC came; already handled when run() returns */
	EXIT_WINDOW,	   /* an offered interrupt could now be taken: offer again */
	EXIT_NMI_WINDOW,   /* see virt_inject.nmi_window */
	EXIT_CPUID,
	EXIT_HLT,
	EXIT_HYPERCALL,	   /* VMCALL or VMMCALL, the vendor's own; the other one is EXIT_INSN_UD */
	EXIT_IO,
	EXIT_RDMSR,
	EXIT_WRMSR,
	EXIT_APIC_WRITE,   /* the guest has written a local APIC register: virt_vcpu.apic_page has the value */
	EXIT_S2_FAULT,	   /* guest-physical address not mapped as the access needs */
	EXIT_EXCEPTION,	   /* an intercepted exception, see virt_vm_config.exceptions */
	EXIT_CR_ACCESS,
	EXIT_XSETBV,
	EXIT_PAUSE,	   /* spinning detected */
	EXIT_RDPMC,
	EXIT_MONITOR,	   /* MONITOR */
	EXIT_MWAIT,
	EXIT_WBINVD,	   /* WBINVD or INVD */
	EXIT_INSN_UD,	   /* an instruction that no guest may execute (VMRUN, VMXON, ...): #UD */
	EXIT_TASK_SWITCH,  /* hardware task switch: not supported, VM is stopped */
	EXIT_TRIPLE_FAULT,
	EXIT_ENTRY_FAILED, /* hardware refused the guest state; `hw_reason` says what it said */
	EXIT_UNKNOWN,	   /* a reason not known to the vendor file; `hw_reason` is its number */
	EXIT_KIND_COUNT
};

enum { S2_READ = 1, S2_WRITE = 2, S2_EXEC = 4 };

enum virt_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

struct vm_exit {
	enum vm_exit_kind kind;
	/* The interrupt offered at entry was delivered (possibly as `interrupted`). Only when run() said true. */
	bool irq_taken;
	/* Event whose delivery the exit interrupted; to be delivered again unless superseded. Only when run()
	 * said true. */
	struct virt_event interrupted;
	/* RIP behind the instruction that caused the exit, wrapped to the code size: for virt_skip(). Set for
	 * CPUID, HLT, HYPERCALL, IO, RDMSR, WRMSR, CR_ACCESS, XSETBV, WBINVD. */
	u64 next_rip;
	u64 hw_reason; /* vendor's number, for messages about what ends a VM; not always set for others */
	union {
		struct {
			u16 port;
			u8 size_bytes; /* 1, 2, 4 */
			bool in, string, rep;
		} io;
		struct {
			u8 cpl;
		} hypercall;
		struct {
			u16 offset; /* in apic_page */
		} apic_write;
		struct {
			gpa_t gpa;
			u8 access;	 /* S2_* that was attempted */
			bool present;	 /* a mapping existed and forbade it */
			bool table_walk; /* the access was the walk of the guest's own tables */
			/* Bytes at RIP, where hardware offers them (else 0 of them); until the next run(). */
			u8 insn_byte_count;
			const u8 *insn_bytes;
		} s2;
		struct {
			u8 vector;
			bool has_error;
			u32 error;
			/* #PF: what delivery puts into CR2. #DB: bits that delivery sets in DR6. Neither is
			 * in the guest's registers yet (or is there already: setting it again is right). */
			u64 address;
		} exception;
		/* Writes that the guest may not make, or not alone: still to be done. */
		struct {
			u8 cr; /* 0, 3, 4, 8 */
			bool write;
			/* Register operand, or GPR_NONE when hardware did not say (decode); LMSW and CLTS always decode. */
			u8 gpr;
		} cr;
	};
};

#define GPR_NONE 0xff

/* --- guest state ------------------------------------------------------------------------------ */

/* General registers in instruction-encoding order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. */
enum { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
       GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15, GPR_COUNT };

/* A segment register with its hidden part. `attr` is the descriptor's attribute bits as in VMX access rights:
 * 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G, 16 unusable. */
struct virt_segment {
	u16 selector;
	u32 attr;
	u32 limit;
	u64 base;
};

#define SEG_ATTR_TYPE(a)  ((a)&0xf)
#define SEG_ATTR_S	  BIT(4)
#define SEG_ATTR_DPL(a)	  (((a) >> 5) & 3)
#define SEG_ATTR_P	  BIT(7)
#define SEG_ATTR_L	  BIT(13)
#define SEG_ATTR_DB	  BIT(14)
#define SEG_ATTR_G	  BIT(15)
#define SEG_ATTR_UNUSABLE BIT(16)

struct virt_dtable {
	u64 base;
	u16 limit;
};

/* Groups of struct guest_state, for get_state() and set_state(). */
enum {
	GS_RIP = BIT(0),      /* rip, rflags, shadow */
	GS_CONTROL = BIT(1),  /* cr0, cr2, cr3, cr4, efer */
	GS_SEGS = BIT(2),     /* seg[], cpl */
	GS_CODE = BIT(3),     /* seg[SEG_CS], seg[SEG_SS] and cpl only: what an instruction decoder needs */
	GS_TABLES = BIT(4),   /* gdtr, idtr */
	GS_DEBUG = BIT(5),    /* dr6, dr7 */
	GS_MSRS = BIT(6),     /* star .. tsc_aux */
	GS_ALL = BIT(7) - 1,
};

struct guest_state {
	u64 rip, rflags;
	/* Interrupts are held off for one instruction (after STI or MOV SS). */
	bool shadow;
	u8 cpl;
	u64 cr0, cr2, cr3, cr4, efer; /* as the guest sees them */
	struct virt_segment seg[SEG_COUNT];
	struct virt_dtable gdtr, idtr;
	u64 dr6, dr7;
	u64 star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 pat;
	u64 tsc_aux; /* what RDTSCP and RDPID return: must be in the machine's MSR while the guest runs */
};

/* MOV to CR4 (SDM vol. 2, "MOV - Move to/from Control Registers") by a guest that may set the bits in `allowed`: changes
 * gs->cr4; cr3, cr4, efer are looked at. Pure (guest_check.c). ERR_RANGE: #GP(0), nothing has changed. */
int guest_cr4_write(struct guest_state *gs, u64 allowed, u64 value) must_check;

/* Where the guest's execution is. In AMD-V's control block the two are neighbours: no copy is made. VT-x reads
 * them after an exit and writes RIP back. */
struct virt_ip {
	u64 rflags;
	u64 rip;
};

/* The part of every vCPU that the neutral code and the entry code share. svm and vmx embed it in their
 * own struct. */
struct virt_vcpu {
	u64 gpr[GPR_COUNT]; /* [x] GPR_RSP included */
	/* (o) the pointer; [x] what it points to, while the vCPU is loaded. RFLAGS are for reading: they change by
	 * set_state() and end_insn(). */
	struct virt_ip *ip;
	u8 cr8;		    /* [x] guest's TPR class 0..15; a change counts at an entry with `inject` */
	bool nmi_blocked;   /* [x] guest is between NMI delivery and IRET */
	bool shadow;	    /* [x] guest_state.shadow */
	/* [x] The guest is in an interrupt shadow and hardware says nothing when it ends: an interrupt
	 * offered now is held back at this entry, and an NMI must not be injected. A caller that has either
	 * to deliver makes sure of an exit soon (IRQ_DEFER_NS) and tries again. Ends by itself. */
	bool irq_deferred;
	/* Where caps.apic_page: the local APIC's registers as the guest reads them by xAPIC accesses without an exit,
	 * while apic_live is set. The caller keeps all of them true (PPR, APR and the timer's current count excepted,
	 * which exit) but for the TPR and the upper half of ICR, which the guest writes without an exit. Other writes are EXIT_APIC_WRITE; EXIT_S2_FAULT is what
	 * needs emulation. A change of apic_live counts at an entry with `inject`. */
	u32 *apic_page; /* (o) NULL: none */
	bool apic_live;
	struct virt_vm *vm;
	struct vm_exit exit; /* [x] */
	struct code_cache code; /* of recent exits, where hardware leaves lengths or bytes of instructions to us */
};

struct virt_vm {
	hpa_t s2_root;
	u16 vcpu_count;
	struct walk_mem *mem; /* (o) */
};

/* --- stage-2 page tables ---------------------------------------------------------------------- */

/* Encoding of nested page-table entries, so that NPT and EPT share the walker in mm/p2m.c. Entries are 8 bytes, 512
 * per table, `levels` levels. An entry without any of the `present` bits holds software state. */
struct s2_format {
	const char *name;  /* "NPT", "EPT" */
	u8 levels;	   /* 4 */
	bool has_1g;
	u64 present;	   /* bits any of which make an entry present */
	u64 read, write, exec_allow, exec_deny; /* bits to set for each right */
	u64 table;	   /* bits of an entry that points to a table */
	u64 leaf;	   /* bits of every leaf (memory type write-back) */
	u64 large;	   /* bit of a leaf above level 1 */
	u64 accessed, dirty; /* 0 when hardware does not set them */
	u64 address_mask;
};

/* --- the table -------------------------------------------------------------------------------- */

/* What the CPU offers, filled by probe(); read-only afterwards. */
struct virt_caps {
	const char *vendor; /* "AMD-V", "VT-x" */
	u32 asid_count;	    /* ASIDs or VPIDs usable, 0: none */
	bool next_rip;	    /* the CPU says where the next instruction begins: it need not be fetched */
	u8 hypercall_insn;  /* INSN_VMMCALL or INSN_VMCALL (arch/x86/emul/decode.h) */
	bool pause_filter;
	bool tsc_scaling;
	bool flush_by_asid;
	bool apic_page;	    /* the CPU virtualises local APIC registers in a page: virt_vcpu.apic_page */
	bool tsc_aux;	    /* RDTSCP or RDPID work in guests: guest_state.tsc_aux */
	u64 xcr0;	    /* bits of XCR0 that guests may set; 0: no XSAVE */
	struct s2_format s2;
	char summary[128];  /* "NPT, 16 ASIDs, next-RIP, ..." for the boot message */
};

/* EXIT_EXCEPTION always comes for #DB and #AC: their delivery can raise them again without end, which
 * would keep machine interrupts out (CVE-2015-5307, CVE-2015-8104). The caller hands them back by
 * injecting them. #MC is the machine's own: EXIT_NMI. `exceptions` adds to these. */
struct virt_vm_config {
	u32 exceptions;	     /* bit per vector that shall exit (for #GP of the VMware port) */
	bool pause_exiting;  /* EXIT_PAUSE on spinning, where caps.pause_filter */
	u64 cr4;	     /* bits of CR4 that guests may set; others are #GP. What the machine lacks does not count */
	hpa_t s2_root;	     /* a zeroed page, root of the nested tables */
	hpa_t apic_access;   /* where caps.apic_page: what they map the local APIC's page to */
	struct walk_mem *mem; /* guest RAM, for reading instructions and page tables; outlives the VM */
};

struct virt_ops {
	/* Decides whether this CPU can be used; fills *caps. On failure `reason` says what is missing in a
	 * sentence ("VT-x is disabled by firmware (IA32_FEATURE_CONTROL locked without VMX)"). Errors:
	 * ERR_NODEV, ERR_DISABLED, ERR_NOTSUP. Bootstrap pCPU. */
	int (*probe)(struct virt_caps *caps, char *reason, size_t reason_len) must_check;
	/* Turns virtualisation on or off on the calling pCPU; every pCPU once. */
	int (*pcpu_enable)(void) must_check;
	void (*pcpu_disable)(void);

	/* Per VM: bitmaps and such. `vm` is filled in. ERR_NOMEM. Any pCPU. */
	int (*vm_create)(const struct virt_vm_config *config, struct virt_vm **vm) must_check;
	void (*vm_destroy)(struct virt_vm *vm);

	/* Per vCPU: control block, in reset state (SDM 9.1.1: real mode, CS F000, RIP FFF0). ERR_NOMEM. */
	int (*vcpu_create)(struct virt_vm *vm, u32 index, struct virt_vcpu **vcpu) must_check;
	void (*vcpu_destroy)(struct virt_vcpu *vcpu);
	/* Back to reset state (INIT or power-on): registers, pending hardware state, FPU per the manual. */
	void (*vcpu_reset)(struct virt_vcpu *vcpu);

	/* Binds the vCPU to this pCPU (extended state, VMCS, ASID) / unbinds it. */
	void (*vcpu_load)(struct virt_vcpu *vcpu);
	void (*vcpu_unload)(struct virt_vcpu *vcpu);

	/* Enters the guest once. Returns after the exit with vcpu->exit filled. Machine interrupts stay pending.
	 * `inject` NULL: nothing to deliver, and the caller has left cr8 alone: the quick way. True: events may have
	 * been delivered or interrupted, or the guest has changed cr8: look at these; always so with `inject`. */
	bool (*run)(struct virt_vcpu *vcpu, const struct virt_inject *inject) must_check;

	/* Reads / writes the groups in `mask` (GS_*). Not loaded vCPUs are allowed too. set_state() expects
	 * values that the guest could have established itself; it returns ERR_INVAL otherwise. */
	void (*get_state)(struct virt_vcpu *vcpu, u32 mask, struct guest_state *state);
	int (*set_state)(struct virt_vcpu *vcpu, u32 mask, const struct guest_state *state) must_check;
	/* When virt_skip() asks for it: RIP has moved on, now the interrupt shadow ends and RF is cleared. True: a
	 * single-step trap (TF) is due, the caller raises #DB. */
	bool (*end_insn)(struct virt_vcpu *vcpu);

	/* Guest TSC = machine TSC + offset. */
	void (*set_tsc_offset)(struct virt_vcpu *vcpu, u64 offset);
	/* Drops cached translations of guest addresses for this vCPU, virt_vcpu.code among them, before its next
	 * entry. Any pCPU may call it for a vCPU that it has kicked or that is not running. */
	void (*flush_guest_tlb)(struct virt_vcpu *vcpu);
	/* Extended state for the neutral XSETBV/XCR0 code: the guest's XCR0 (at reset 1). Setting one that the
	 * machine would refuse (SDM vol. 1, 13.3) or that is not within caps.xcr0: ERR_INVAL. */
	u64 (*get_xcr0)(struct virt_vcpu *vcpu);
	int (*set_xcr0)(struct virt_vcpu *vcpu, u64 xcr0) must_check;
};

extern const struct virt_ops svm_ops;
extern const struct virt_ops vmx_ops;

/* The table in use and what the CPU offers; set by virt_init(), constant afterwards. */
extern const struct virt_ops *virt;
extern struct virt_caps virt_caps;

/* The instruction that exited has been carried out: execution goes on at `next_rip`. False: call end_insn(), too. */
static inline bool virt_skip(struct virt_vcpu *vcpu, u64 next_rip)
{
	struct virt_ip *ip = vcpu->ip;

	ip->rip = next_rip;
	return (ip->rflags & (RFLAGS_TF | RFLAGS_RF)) == 0 && !vcpu->shadow;
}

/* Picks the vendor's table by CPUID and probes it. Errors as probe(), with the reason. */
int virt_init(char *reason, size_t reason_len) must_check;

#endif
