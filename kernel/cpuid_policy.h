/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest sees of CPUID. The table of a VM is computed once, when the VM is created, from what
 * all pCPUs have in common (struct cpuid_host), and looked up at every exit. A white list: what is
 * not named in cpuid_policy.c is not shown. Pure.
 *
 * Topology: all vCPUs are cores of one package, one thread each; APIC id = vCPU index.
 * Sources: SDM vol. 2A "CPUID", APM vol. 3 appendix E.
 */
#ifndef KERNEL_CPUID_POLICY_H
#define KERNEL_CPUID_POLICY_H

#include "arch/x86/cpuid_regs.h"
#include "kernel/lib/types.h"

/* --- what the machine offers ------------------------------------------------------------------ */

struct cpuid_raw {
	u32 leaf, subleaf;
	struct cpuid_regs regs;
};

#define CPUID_HOST_LEAVES 40

/* Leaves of one pCPU, or what several have in common; only those the policy looks at. */
struct cpuid_host {
	u32 count;
	struct cpuid_raw leaves[CPUID_HOST_LEAVES];
};

typedef void cpuid_read_fn(u32 leaf, u32 subleaf, struct cpuid_regs *regs);

/* Records the leaves of the pCPU on which `read` executes CPUID. */
void cpuid_host_record(struct cpuid_host *host, cpuid_read_fn *read);

/* Reduces `host` to what it and `other` have in common. ERR_NOTSUP when the two are of different
 * vendors. */
int cpuid_host_merge(struct cpuid_host *host, const struct cpuid_host *other) must_check;

/* --- what a VM is shown ----------------------------------------------------------------------- */

/* guest.interface. NONE: a bare PC, no trace of a hypervisor in CPUID. Otherwise the hypervisor bit, that vendor's
 * leaves from 40000000h on, and Evenkeel's own from 40000100h on (guest-tools/abi). */
enum cpuid_interface { CPUID_INTERFACE_NONE, CPUID_INTERFACE_VMWARE, CPUID_INTERFACE_KVM };

struct cpuid_options {
	u32 vcpu_count; /* 1 .. 32 */
	enum cpuid_interface interface;
	bool x2apic;	   /* the virtual APIC has x2APIC mode */
	bool tsc_deadline; /* ... and the TSC-deadline timer mode */
	bool fast_strings; /* IA32_MISC_ENABLE[0] of every pCPU, or true where there is no such MSR */
	bool tsc_aux;	   /* RDTSCP and RDPID work and MSR_TSC_AUX is switched */
	u64 xcr0;	   /* XSAVE components that the hypervisor switches; 0: no XSAVE */
	u64 tsc_khz;	   /* rate of the guest's TSC */
	u32 apic_khz;	   /* ... and of its APIC timer, undivided */
};

#define CPUID_BASIC_LEAVES 0x20u
#define CPUID_EXT_LEAVES   0x22u
#define CPUID_HYPERVISOR_LEAVES 6u
#define CPUID_SUBLEAVES	   24u
#define CPUID_XSAVE_COMPONENTS 8u

struct cpuid_entry {
	struct cpuid_regs regs; /* of subleaf 0 */
	u8 dynamic;		/* how the answer depends on struct cpuid_dynamic */
	u8 sub_count;		/* 0: the same for all subleaves */
	u8 sub_first;		/* regs of subleaf 0 in cpuid_table.sub */
	bool constant;		/* neither: `regs` is the answer, always */
};

/* The CPUID of one VM. Read-only after cpuid_table_init(). */
struct cpuid_table {
	u32 max_basic, max_ext;
	bool amd;	   /* vendor is AMD or Hygon, else Intel */
	u8 phys_bits;	   /* width of guest-physical addresses */
	u64 xcr0;	   /* what the guest may set in XCR0; 0: no XSAVE */
	u64 cr4;	   /* what the guest may set in CR4: bits of the features that it sees */
	bool hypervisor;   /* there is one to call: `leaves` are shown */
	u32 leaf_count;	   /* of `leaves` */
	struct cpuid_entry basic[CPUID_BASIC_LEAVES];
	struct cpuid_entry ext[CPUID_EXT_LEAVES];
	/* Of the range 4000xxxxh; no subleaves. */
	struct {
		u32 leaf;
		struct cpuid_regs regs;
	} leaves[CPUID_HYPERVISOR_LEAVES];
	struct cpuid_regs sub[CPUID_SUBLEAVES];
	/* For the size of the XSAVE area, leaf 0Dh; index = component. */
	struct {
		u32 size_bytes, offset_bytes;
		bool align64;
	} xsave[CPUID_XSAVE_COMPONENTS];
};

/* What of a vCPU's present state shows in CPUID. */
struct cpuid_dynamic {
	u32 apic_id; /* x2APIC id; the initial APIC id is its low byte */
	u64 cr4;
	u64 xcr0;
};

/* Computes the table of one VM. */
void cpuid_table_init(struct cpuid_table *table, const struct cpuid_host *host,
		      const struct cpuid_options *options);

/* Whether cpuid_lookup() looks at cr4 or xcr0 for this leaf; else the caller may leave them unset.
 * apic_id is always needed. */
static inline bool cpuid_needs_state(u32 leaf)
{
	return leaf < 32 && ((BIT(1) | BIT(0xd)) >> leaf & 1) != 0;
}

/* The answer to one CPUID instruction. Any leaf and subleaf. */
void cpuid_lookup(const struct cpuid_table *table, u32 leaf, u32 subleaf,
		  const struct cpuid_dynamic *dynamic, struct cpuid_regs *regs);

/* The same for most leaves, at once: those whose answer depends on nothing else. NULL: cpuid_lookup() decides. */
static inline const struct cpuid_regs *cpuid_constant(const struct cpuid_table *table, u32 leaf)
{
	const u32 ext = 0x80000000u;
	const struct cpuid_entry *e;

	if (leaf <= table->max_basic) {
		e = &table->basic[leaf];
	} else if (leaf >= ext && leaf <= table->max_ext) {
		e = &table->ext[leaf - ext];
	} else {
		return NULL;
	}
	return e->constant ? &e->regs : NULL;
}

/* Whether the guest may write this to XCR0 (SDM vol. 1, 13.3), else #GP. */
bool cpuid_xcr0_valid(const struct cpuid_table *table, u64 xcr0);

#endif
