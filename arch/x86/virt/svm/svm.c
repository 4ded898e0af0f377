// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD-V of the machine: can it be used, what does it offer, turning it on per pCPU; and the ops
 * table.
 */
#include "arch/x86/virt/virt.h"

#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/emul/decode.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_intercept.h"
#include "arch/x86/virt/svm/svm_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "mm/frames.h"

#define CPUID_SVM     0x8000000au
#define CPUID_EXT     0x80000001u
#define CPUID_SIZES   0x80000008u
#define CPUID_EXT_MAX 0x80000000u

struct svm_machine svm_machine;
struct svm_pcpu svm_pcpus[PCPU_MAX];

/* --- probing ---------------------------------------------------------------------------------- */

static void s2_probe(struct s2_format *s2)
{
	/* Nested tables have the format and the number of levels of the host's own (APM vol.
	 * 2, 15.25.3); all accesses through them count as user accesses. Memory type 0 of the
	 * host's PAT is write-back. */
	*s2 = (struct s2_format){
		.name = "NPT",
		.levels = (read_cr4() & CR4_LA57) != 0 ? 5 : 4,
		.has_1g = cpu_has(CPU_PAGE1GB),
		.present = BIT(0),
		.read = BIT(0) | BIT(2),
		.write = BIT(1),
		.exec_deny = cpu_has(CPU_NX) ? BIT(63) : 0,
		.table = BIT(0) | BIT(1) | BIT(2),
		.large = BIT(7),
		.accessed = BIT(5),
		.dirty = BIT(6),
		.address_mask = 0x000ffffffffff000ull,
	};
}

static void caps_probe(struct virt_caps *caps, const struct cpuid_regs *svm)
{
	bool rdtscp = (cpuid(CPUID_EXT, 0).edx >> 27 & 1) != 0;
	bool rdpid = (cpuid(7, 0).ecx >> 22 & 1) != 0;
	bool nrips = (svm->edx & SVM_CPUID_NRIPS) != 0;

	*caps = (struct virt_caps){
		.vendor = "AMD-V",
		.asid_count = svm->ebx - 1,
		.next_rip = nrips,
		.hypercall_insn = INSN_VMMCALL,
		.pause_filter = (svm->edx & SVM_CPUID_PAUSE_FILTER) != 0,
		.tsc_scaling = (svm->edx & SVM_CPUID_TSC_RATE) != 0,
		.flush_by_asid = (svm->edx & SVM_CPUID_FLUSH_BY_ASID) != 0,
		.tsc_aux = rdtscp || rdpid,
		.xcr0 = xstate_supported(),
	};
	s2_probe(&caps->s2);
	fmt_print(caps->summary, sizeof(caps->summary), "NPT, %u levels, %u ASIDs%s%s%s%s%s%s",
		  caps->s2.levels, caps->asid_count, nrips ? ", next-RIP" : "",
		  (svm->edx & SVM_CPUID_DECODE_ASSISTS) != 0 ? ", decode assists" : "",
		  (svm->edx & SVM_CPUID_CLEAN) != 0 ? ", clean bits" : "",
		  caps->flush_by_asid ? ", flush by ASID" : "",
		  caps->pause_filter ? ", pause filter" : "",
		  caps->tsc_scaling ? ", TSC scaling" : "");
}

static int maps_create(void)
{
	u8 *iopm = pages_alloc(SVM_IOPM_BYTES);
	u8 *msrpm = pages_alloc(SVM_MSRPM_BYTES);

	if (iopm == NULL || msrpm == NULL) {
		return ERR_NOMEM;
	}
	svm_intercept_fill_iopm(iopm);
	svm_intercept_fill_msrpm(msrpm);
	svm_machine.iopm_pa = va_to_hpa(iopm).v;
	svm_machine.msrpm_pa = va_to_hpa(msrpm).v;
	return 0;
}

/* Why this CPU cannot be used, or NULL; *err is the code. */
static const char *refusal(const struct cpuid_regs *svm, int *err)
{
	u64 vm_cr;

	if ((svm->edx & SVM_CPUID_NP) == 0 || svm->ebx < 2) {
		*err = ERR_NOTSUP;
		return "this CPU's AMD-V has no nested paging";
	}
	if (rdmsr_safe(MSR_VM_CR, &vm_cr) == 0 && (vm_cr & VM_CR_SVMDIS) != 0) {
		*err = ERR_DISABLED;
		return "AMD-V is disabled by firmware (VM_CR.SVMDIS is set): enable SVM in the "
		       "machine's setup";
	}
	return NULL;
}

static int svm_probe(struct virt_caps *caps, char *reason, size_t reason_len)
{
	bool has_svm =
		cpuid(CPUID_EXT_MAX, 0).eax >= CPUID_SVM && (cpuid(CPUID_EXT, 0).ecx >> 2 & 1) != 0;

	if (!has_svm) {
		fmt_print(reason, reason_len, "this CPU has no AMD-V");
		return ERR_NODEV;
	}
	struct cpuid_regs svm = cpuid(CPUID_SVM, 0);
	int err = 0;
	const char *why = refusal(&svm, &err);

	if (why != NULL) {
		fmt_print(reason, reason_len, "%s", why);
		return err;
	}
	err = maps_create();
	if (err != 0) {
		fmt_print(reason, reason_len, "out of memory");
		return err;
	}
	u32 sizes = cpuid(CPUID_SIZES, 0).ebx;

	xstate_probe();
	guest_limits_probe(&svm_machine.limits);
	caps_probe(caps, &svm);
	svm_machine.asid_count = svm.ebx;
	svm_machine.flush_by_asid = caps->flush_by_asid;
	svm_machine.pause_filter = caps->pause_filter;
	svm_machine.tsc_aux = caps->tsc_aux;
	svm_machine.tsc_ratio = caps->tsc_scaling;
	svm_machine.ibpb = (sizes >> 12 & 1) != 0;
	svm_machine.intercepts = (sizes >> 4 & 1) != 0 ? SVM_NEEDS_RDPRU : 0;
	return 0;
}

/* --- per pCPU --------------------------------------------------------------------------------- */

static int svm_pcpu_enable(void)
{
	struct svm_pcpu *p = &svm_pcpus[arch_pcpu_id()];
	u64 vm_cr;
	u8 *pages;

	/* Firmware may have set up the other pCPUs differently. */
	if (rdmsr_safe(MSR_VM_CR, &vm_cr) == 0 && (vm_cr & VM_CR_SVMDIS) != 0) {
		return ERR_DISABLED;
	}
	if (p->hsave_pa == 0) {
		pages = pages_alloc(2 * PAGE_SIZE);
		if (pages == NULL) {
			return ERR_NOMEM;
		}
		p->hsave_pa = va_to_hpa(pages).v;
		p->host_pa = va_to_hpa(pages + PAGE_SIZE).v;
	}
	xstate_pcpu_enable();
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, p->hsave_pa);
	/* FS, GS, TR, LDTR and the system-call MSRs of the host: they do not change any more. */
	__asm__ volatile("vmsave" : : "a"(p->host_pa) : "memory");
	asid_pool_init(&p->asids, svm_machine.asid_count);
	p->regs_owner = NULL;
	p->vm_serial = 0;
	p->tsc_aux = 0;
	if (svm_machine.tsc_ratio) {
		/* Whoever ran before us may have scaled: guests' TSC is ours plus an offset, no
		 * more. */
		wrmsr(MSR_TSC_RATIO, TSC_RATIO_ONE);
	}
	if (svm_machine.tsc_aux) {
		wrmsr(MSR_TSC_AUX, 0);
	}
	return 0;
}

static void svm_pcpu_disable(void)
{
	wrmsr(MSR_VM_HSAVE_PA, 0);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
}

const struct virt_ops svm_ops = {
	.probe = svm_probe,
	.pcpu_enable = svm_pcpu_enable,
	.pcpu_disable = svm_pcpu_disable,
	.vm_create = svm_vm_create,
	.vm_destroy = svm_vm_destroy,
	.vcpu_create = svm_vcpu_create,
	.vcpu_destroy = svm_vcpu_destroy,
	.vcpu_reset = svm_vcpu_reset,
	.vcpu_load = svm_vcpu_load,
	.vcpu_unload = svm_vcpu_unload,
	.run = svm_run,
	.get_state = svm_vcpu_get_state,
	.set_state = svm_vcpu_set_state,
	.end_insn = svm_vcpu_end_insn,
	.set_tsc_offset = svm_vcpu_set_tsc_offset,
	.flush_guest_tlb = svm_vcpu_flush_tlb,
	.get_xcr0 = svm_vcpu_get_xcr0,
	.set_xcr0 = svm_vcpu_set_xcr0,
};
