// SPDX-License-Identifier: GPL-2.0-only
/* What VT-x of this CPU can do: the capability MSRs (SDM vol. 3, appendix A), read once. */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/emul/decode.h"
#include "arch/x86/regs.h"
#include "kernel/lib/fmt.h"
#include "kernel/params.h"

#define CPUID_EXT  0x80000001u
#define VPID_COUNT 65536u

struct vmx_machine vmx_machine;

static void capability_read(struct vmx_capability *cap, u64 basic)
{
	bool exact = (basic & VMX_BASIC_TRUE) != 0;

	*cap = (struct vmx_capability){0};
	cap->word[VMX_WORD_PIN] = rdmsr(exact ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
	cap->word[VMX_WORD_PROC] = rdmsr(exact ? MSR_VMX_TRUE_PROC : MSR_VMX_PROC);
	cap->word[VMX_WORD_EXIT] = rdmsr(exact ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
	cap->word[VMX_WORD_ENTRY] = rdmsr(exact ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
	if (vmx_capability_allows(cap, VMX_WORD_PROC, PROC_SECONDARY)) {
		cap->word[VMX_WORD_PROC2] = rdmsr(MSR_VMX_PROC2);
	}
	if (vmx_capability_allows(cap, VMX_WORD_PROC2, PROC2_EPT) ||
	    vmx_capability_allows(cap, VMX_WORD_PROC2, PROC2_VPID)) {
		cap->ept_vpid = rdmsr(MSR_VMX_EPT_VPID);
	}
}

/* CR0.PE and CR0.PG are free under unrestricted guest (A.7). NW and CD are not switched by
 * hardware: a guest's would slow down its pCPU. CR4.MCE stays on: without it a machine check shuts
 * down. */
static void control_registers_read(struct vmx_machine *m)
{
	u64 cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG);
	u64 cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
	u64 cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
	u64 cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);

	guest_limits_probe(&m->limits);
	/* CET and protection keys have state that is not switched. */
	m->limits.cr4 &= cr4_fixed1 & ~(CR4_VMXE | CR4_SMXE | CR4_CET | CR4_PKE);
	m->cr0_mask = cr0_fixed0 | ~cr0_fixed1 | CR0_NW | CR0_CD;
	m->cr0_forced = cr0_fixed0;
	m->cr4_forced = cr4_fixed0 | CR4_MCE;
}

/* SDM vol. 3, 25.5.1. */
static void timer_read(struct vmx_machine *m)
{
	u64 ticks = arch_tsc_khz() * VMX_TIMER_US / 1000 >>
		    (rdmsr(MSR_VMX_MISC) & VMX_MISC_TIMER_SHIFT);

	m->timer_ticks =
		(m->controls.word[VMX_WORD_PIN] & PIN_TIMER) != 0 ? (u32)MAX(ticks, 1u) : 0;
}

static void invalidation_choose(struct vmx_machine *m)
{
	u64 cap = m->capability.ept_vpid;

	m->vpid = (m->controls.word[VMX_WORD_PROC2] & PROC2_VPID) != 0;
	m->invept_type = (cap & VMX_EPT_INVEPT_ONE) != 0 ? INVALIDATE_ONE : INVALIDATE_ALL;
	m->invvpid_one = (cap & VMX_VPID_INVVPID_ONE) != 0;
	m->eptp_bits = EPTP_TYPE_WB | EPTP_LEVELS(4) | ((cap & VMX_EPT_AD) != 0 ? EPTP_AD : 0);
}

const char *vmx_caps_read(void)
{
	struct vmx_machine *m = &vmx_machine;
	u64 basic = rdmsr(MSR_VMX_BASIC);
	bool rdtscp = (cpuid(CPUID_EXT, 0).edx >> 27 & 1) != 0;
	bool rdpid = (cpuid(7, 0).ecx >> 22 & 1) != 0;

	capability_read(&m->capability, basic);
	const char *lacks = vmx_controls_choose(&m->capability, &m->controls);

	if (lacks != NULL) {
		return lacks;
	}
	m->revision = basic & VMX_BASIC_REVISION;
	m->tsc_aux = (rdtscp || rdpid) && (m->controls.word[VMX_WORD_PROC2] & PROC2_RDTSCP) != 0;
	m->ibpb = (cpuid(7, 0).edx >> 26 & 1) != 0;
	control_registers_read(m);
	invalidation_choose(m);
	timer_read(m);
	return NULL;
}

static void s2_publish(struct s2_format *s2, u64 cap)
{
	bool ad = (cap & VMX_EPT_AD) != 0;

	*s2 = (struct s2_format){
		.name = "EPT",
		.levels = 4,
		.has_1g = (cap & VMX_EPT_1G) != 0,
		.present = EPT_READ | EPT_WRITE | EPT_EXEC,
		.read = EPT_READ,
		.write = EPT_WRITE,
		.exec_allow = EPT_EXEC,
		.table = EPT_READ | EPT_WRITE | EPT_EXEC,
		.leaf = EPT_TYPE_WB,
		.large = EPT_LARGE,
		.accessed = ad ? EPT_ACCESSED : 0,
		.dirty = ad ? EPT_DIRTY : 0,
		.address_mask = 0x000ffffffffff000ull,
	};
}

void vmx_caps_publish(struct virt_caps *caps)
{
	const struct vmx_machine *m = &vmx_machine;
	u64 cap = m->capability.ept_vpid;

	*caps = (struct virt_caps){
		.vendor = "VT-x",
		.asid_count = m->vpid ? VPID_COUNT - 1 : 0,
		.next_rip = true,
		.hypercall_insn = INSN_VMCALL,
		.pause_filter =
			vmx_capability_allows(&m->capability, VMX_WORD_PROC2, PROC2_PAUSE_LOOP),
		.tsc_scaling =
			vmx_capability_allows(&m->capability, VMX_WORD_PROC2, PROC2_TSC_SCALING),
		.flush_by_asid = m->vpid && m->invvpid_one,
		.apic_page = vmx_capability_allows(&m->capability, VMX_WORD_PROC2,
						   PROC2_APIC_ACCESS | PROC2_APIC_REGS),
		.tsc_aux = m->tsc_aux,
		.xcr0 = xstate_supported(),
	};
	s2_publish(&caps->s2, cap);
	fmt_print(caps->summary, sizeof(caps->summary),
		  "EPT, 4 levels%s%s, unrestricted guest%s%s%s%s%s",
		  (cap & VMX_EPT_1G) != 0 ? ", 1 GiB pages" : "",
		  (cap & VMX_EPT_AD) != 0 ? ", A/D bits" : "", m->vpid ? ", VPID" : "",
		  caps->pause_filter ? ", PAUSE loops" : "",
		  caps->apic_page ? ", APIC registers" : "",
		  m->timer_ticks != 0 ? ", preemption timer" : "",
		  caps->tsc_scaling ? ", TSC scaling" : "");
}
