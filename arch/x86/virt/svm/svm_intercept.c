// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intercepts as a table {word, bit, condition, why}, APM vol. 2, table B-1.
 *
 * Not intercepted: accesses of CR0, CR2 and CR3, which belong to the guest under nested paging, and
 * reads of CR4. CR8 goes to V_TPR. Debug registers are switched. INVLPG acts on the guest's
 * ASID. RDTSC is offset.
 */
#include "arch/x86/virt/svm/svm_intercept.h"

#include "arch/x86/regs.h"
#include "kernel/lib/string.h"

struct svm_intercept {
	u8 word;
	u8 bit;
	u8 needs;
	const char *why;
};

/* clang-format off */
static const struct svm_intercept svm_intercepts[] = {
	{VMCB_INTERCEPT_CR,    16 + 4,            0, "writes of CR4: only bits of features that the guest's CPUID shows"},
	{VMCB_INTERCEPT_EXCP,  VECTOR_DB,         0, "delivery that raises it again without end would keep interrupts out"},
	{VMCB_INTERCEPT_EXCP,  VECTOR_AC,         0, "likewise"},
	{VMCB_INTERCEPT_EXCP,  VECTOR_MC,         0, "the machine's, not the guest's"},
	{VMCB_INTERCEPT_MISC1, MISC1_INTR,        0, "machine interrupts are the hypervisor's"},
	{VMCB_INTERCEPT_MISC1, MISC1_NMI,         0, "machine NMIs too"},
	{VMCB_INTERCEPT_MISC1, MISC1_SMI,         0, "taken at STGI, with host state"},
	{VMCB_INTERCEPT_MISC1, MISC1_INIT,        0, "a machine INIT must not reset in the middle of a guest"},
	{VMCB_INTERCEPT_MISC1, MISC1_RDPMC,       0, "counters are the machine's"},
	{VMCB_INTERCEPT_MISC1, MISC1_CPUID,       0, "policy"},
	{VMCB_INTERCEPT_MISC1, MISC1_INVD,        0, "would lose others' modified cache lines"},
	{VMCB_INTERCEPT_MISC1, MISC1_PAUSE,       SVM_NEEDS_PAUSE, "spinning"},
	{VMCB_INTERCEPT_MISC1, MISC1_HLT,         0, "idle vCPUs give the pCPU away"},
	{VMCB_INTERCEPT_MISC1, MISC1_INVLPGA,     0, "guests have no SVM"},
	{VMCB_INTERCEPT_MISC1, MISC1_IOIO,        0, "ports are emulated: by IOPM"},
	{VMCB_INTERCEPT_MISC1, MISC1_MSR,         0, "policy: by MSRPM"},
	{VMCB_INTERCEPT_MISC1, MISC1_TASK_SWITCH, 0, "reads and writes state behind our back"},
	{VMCB_INTERCEPT_MISC1, MISC1_SHUTDOWN,    0, "would reset the machine"},
	{VMCB_INTERCEPT_MISC2, MISC2_VMRUN,       0, "VMRUN refuses a guest without it"},
	{VMCB_INTERCEPT_MISC2, MISC2_VMMCALL,     0, "hypercalls"},
	{VMCB_INTERCEPT_MISC2, MISC2_VMLOAD,      0, "guests have no SVM, but EFER.SVME is set while they run"},
	{VMCB_INTERCEPT_MISC2, MISC2_VMSAVE,      0, "likewise"},
	{VMCB_INTERCEPT_MISC2, MISC2_STGI,        0, "likewise"},
	{VMCB_INTERCEPT_MISC2, MISC2_CLGI,        0, "likewise"},
	{VMCB_INTERCEPT_MISC2, MISC2_SKINIT,      0, "likewise"},
	{VMCB_INTERCEPT_MISC2, MISC2_WBINVD,      0, "would stall every pCPU that shares the cache"},
	{VMCB_INTERCEPT_MISC2, MISC2_MONITOR,     0, "waits would not give the pCPU away"},
	{VMCB_INTERCEPT_MISC2, MISC2_MWAIT,       0, "likewise"},
	{VMCB_INTERCEPT_MISC2, MISC2_XSETBV,      0, "XCR0 is not switched by hardware"},
	{VMCB_INTERCEPT_MISC2, MISC2_RDPRU,       SVM_NEEDS_RDPRU, "shows the machine's performance counters"},
};
/* clang-format on */

void svm_intercept_setup(struct vmcb_control *control, u32 have, u32 exceptions)
{
	memset(control->intercept, 0, sizeof(control->intercept));
	for (u32 i = 0; i < ARRAY_SIZE(svm_intercepts); i++) {
		const struct svm_intercept *row = &svm_intercepts[i];

		if ((row->needs & ~have) == 0) {
			control->intercept[row->word] |= (u32)BIT(row->bit);
		}
	}
	control->intercept[VMCB_INTERCEPT_EXCP] |= exceptions;
}

void svm_intercept_fill_iopm(u8 iopm[SVM_IOPM_BYTES])
{
	memset(iopm, 0xff, SVM_IOPM_BYTES);
}

/* Switched by VMLOAD and VMSAVE (APM vol. 2, 15.5.2), harmless, and hot or at least frequent. PAT
 * is switched by nested paging but some machines forget it: it is intercepted. */
static const u32 svm_msr_pass[] = {
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,	  MSR_LSTAR,
	MSR_CSTAR,	 MSR_SFMASK,	   MSR_FS_BASE,	     MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

/* Index of an MSR's first bit (read; the next is write), 15.11: 2 bits for each of three ranges of
 * 8192. */
static u32 msrpm_bit(u32 msr)
{
	return msr >= 0xc0000000 ? 2 * 8192 + 2 * (msr - 0xc0000000) : 2 * msr;
}

void svm_intercept_fill_msrpm(u8 msrpm[SVM_MSRPM_BYTES])
{
	memset(msrpm, 0xff, SVM_MSRPM_BYTES);
	for (u32 i = 0; i < ARRAY_SIZE(svm_msr_pass); i++) {
		u32 bit = msrpm_bit(svm_msr_pass[i]);

		msrpm[bit / 8] &= (u8) ~(3u << (bit % 8));
	}
}
