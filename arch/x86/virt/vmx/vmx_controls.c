// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controls as a table {word, bit, need, name, why}. A control that is not in the table has the
 * value that the CPU requires, 0 if it leaves the choice.
 *
 * Not asked for: exits for INVLPG, MOV DR, RDTSC, descriptor-table access: these act on the
 * guest's own state. Guests do not see INVPCID, XSAVES, WAITPKG and the like in their CPUID;
 * without their controls the instructions are #UD.
 */
#include "arch/x86/virt/vmx/vmx_controls.h"

enum need {
	REQUIRED, /* 1, or this CPU cannot be used */
	OPTIONAL, /* 1 where it may be */
	SWITCHED, /* 0 at first, set and cleared while guests run: both must be possible */
	ABSENT,	  /* 0, or this CPU cannot be used */
};

struct control {
	u8 word; /* enum vmx_word */
	u8 need;
	u64 bit;
	const char *name;
	const char *why;
};

/* clang-format off */
static const struct control table[] = {
	{VMX_WORD_PROC,  REQUIRED, PROC_SECONDARY,       "secondary controls",       "EPT and unrestricted guest are there"},
	{VMX_WORD_PROC2, REQUIRED, PROC2_EPT,            "EPT",                      "guests' memory; there are no shadow page tables"},
	{VMX_WORD_PROC2, REQUIRED, PROC2_UNRESTRICTED,   "unrestricted guest",       "real mode, in which every AP starts"},
	{VMX_WORD_PIN,   REQUIRED, PIN_EXTINT,           "external-interrupt exiting", "machine interrupts are the hypervisor's"},
	{VMX_WORD_PIN,   REQUIRED, PIN_NMI,              "NMI exiting",              "machine NMIs too"},
	{VMX_WORD_PIN,   REQUIRED, PIN_VIRTUAL_NMIS,     "virtual NMIs",             "hardware keeps track of a guest's NMI blocking"},
	{VMX_WORD_PIN,   OPTIONAL, PIN_TIMER,            "preemption timer",         "no guest goes unwatched for long, whatever becomes of interrupts"},
	{VMX_WORD_PROC,  SWITCHED, PROC_INTR_WINDOW,     "interrupt-window exiting", "interrupts wait for the guest to be ready"},
	{VMX_WORD_PROC,  SWITCHED, PROC_NMI_WINDOW,      "NMI-window exiting",       "NMIs likewise"},
	{VMX_WORD_PROC,  REQUIRED, PROC_TSC_OFFSET,      "TSC offsetting",           "a guest's TSC begins with the guest"},
	{VMX_WORD_PROC,  REQUIRED, PROC_HLT,             "HLT exiting",              "idle vCPUs give the pCPU away"},
	{VMX_WORD_PROC,  ABSENT,   PROC_INVLPG,          "optional INVLPG exiting",  "acts on the guest's own translations"},
	{VMX_WORD_PROC,  REQUIRED, PROC_MWAIT,           "MWAIT exiting",            "waits would not give the pCPU away"},
	{VMX_WORD_PROC,  REQUIRED, PROC_MONITOR,         "MONITOR exiting",          "likewise"},
	{VMX_WORD_PROC,  REQUIRED, PROC_RDPMC,           "RDPMC exiting",            "counters are the machine's"},
	{VMX_WORD_PROC,  ABSENT,   PROC_RDTSC,           "optional RDTSC exiting",   "the offset does it"},
	{VMX_WORD_PROC,  ABSENT,   PROC_CR3_LOAD,        "optional CR3-load exiting",  "under EPT CR3 is the guest's; address-space switches are frequent"},
	{VMX_WORD_PROC,  ABSENT,   PROC_CR3_STORE,       "optional CR3-store exiting", "likewise"},
	{VMX_WORD_PROC,  ABSENT,   PROC_CR8_LOAD,        "optional CR8-load exiting",  "the TPR shadow does it"},
	{VMX_WORD_PROC,  ABSENT,   PROC_CR8_STORE,       "optional CR8-store exiting", "likewise"},
	{VMX_WORD_PROC,  REQUIRED, PROC_TPR_SHADOW,      "TPR shadow",               "CR8 without exits; its threshold says when an interrupt fits"},
	{VMX_WORD_PROC,  ABSENT,   PROC_MOV_DR,          "optional MOV-DR exiting",  "debug registers are switched"},
	{VMX_WORD_PROC,  REQUIRED, PROC_IO,              "unconditional I/O exiting", "ports are emulated"},
	{VMX_WORD_PROC,  REQUIRED, PROC_MSR_BITMAP,      "MSR bitmaps",              "policy, but for what is switched with the guest"},
	{VMX_WORD_PROC2, OPTIONAL, PROC2_VPID,           "VPID",                     "translations survive exits"},
	{VMX_WORD_PROC2, OPTIONAL, PROC2_RDTSCP,         "RDTSCP",                   "offered where the CPU has it; TSC_AUX is switched"},
	{VMX_WORD_PROC2, OPTIONAL, PROC2_WBINVD,         "WBINVD exiting",           "would stall every pCPU that shares the cache"},
	{VMX_WORD_PROC2, OPTIONAL, PROC2_ENCLS,          "ENCLS exiting",            "guests see no SGX, but the instruction would work"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_HOST64,      "64-bit host",              "the hypervisor's mode"},
	{VMX_WORD_EXIT,  ABSENT,   EXIT_CTL_ACK_INTR,    "optional interrupt acknowledgement", "interrupts stay pending until their window"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_SAVE_DEBUG,  "saving of debug controls", "DR7 is the guest's"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_SAVE_PAT,    "saving of PAT",            "PAT is the guest's"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_LOAD_PAT,    "loading of PAT",           "and the host's afterwards"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_SAVE_EFER,   "saving of EFER",           "paging sets LMA without an exit"},
	{VMX_WORD_EXIT,  REQUIRED, EXIT_CTL_LOAD_EFER,   "loading of EFER",          "NXE and SCE of the host may differ"},
	{VMX_WORD_EXIT,  OPTIONAL, EXIT_CTL_SAVE_TIMER,  "saving of the preemption timer", "it counts through exits"},
	{VMX_WORD_ENTRY, REQUIRED, ENTRY_CTL_LOAD_DEBUG, "loading of debug controls", "DR7 is the guest's"},
	{VMX_WORD_ENTRY, REQUIRED, ENTRY_CTL_LOAD_PAT,   "loading of PAT at entry",  "PAT is the guest's"},
	{VMX_WORD_ENTRY, REQUIRED, ENTRY_CTL_LOAD_EFER,  "loading of EFER at entry", "EFER is the guest's"},
	{VMX_WORD_ENTRY, SWITCHED, ENTRY_CTL_IA32E,      "64-bit guests",            "follows the guest's EFER.LMA"},
};
/* clang-format on */

static u32 must_be_1(u64 capability)
{
	return (u32)capability;
}

static u32 may_be_1(u64 capability)
{
	return (u32)(capability >> 32);
}

enum vmx_firmware vmx_feature_control(u64 value, u64 *write)
{
	*write = value | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;
	if ((value & FEATURE_CONTROL_LOCK) == 0) {
		return VMX_FIRMWARE_OPEN;
	}
	return (value & FEATURE_CONTROL_VMX) != 0 ? VMX_FIRMWARE_ENABLED : VMX_FIRMWARE_DISABLED;
}

bool vmx_capability_allows(const struct vmx_capability *cap, enum vmx_word word, u64 bits)
{
	return (bits & ~(u64)may_be_1(cap->word[word])) == 0;
}

/* False: the CPU does not let this control be what it must be. */
static bool control_possible(const struct control *row, u64 capability)
{
	bool one = (may_be_1(capability) & row->bit) != 0;
	bool zero = (must_be_1(capability) & row->bit) == 0;

	return row->need == REQUIRED   ? one
	       : row->need == OPTIONAL ? true
	       : row->need == SWITCHED ? one && zero
				       : zero;
}

/* What of EPT is needed beyond its control: 4 levels and write-back tables. */
static const char *ept_lacks(u64 ept_vpid)
{
	if ((ept_vpid & VMX_EPT_4_LEVELS) == 0 || (ept_vpid & VMX_EPT_WB) == 0) {
		return "EPT with 4 levels and write-back tables";
	}
	if ((ept_vpid & VMX_EPT_INVEPT) == 0 ||
	    (ept_vpid & (VMX_EPT_INVEPT_ONE | VMX_EPT_INVEPT_ALL)) == 0) {
		return "INVEPT";
	}
	return NULL;
}

/* VPIDs cannot be given out again without a way to clear what is behind them. */
static void vpid_decide(const struct vmx_capability *cap, struct vmx_controls *controls)
{
	if ((cap->ept_vpid & VMX_VPID_INVVPID) == 0 ||
	    (cap->ept_vpid & VMX_VPID_INVVPID_ALL) == 0) {
		controls->word[VMX_WORD_PROC2] &= ~(u32)PROC2_VPID;
	}
}

/* A timer that begins anew with each entry is of no use. */
static void timer_decide(struct vmx_controls *controls)
{
	bool timer = (controls->word[VMX_WORD_PIN] & PIN_TIMER) != 0;
	bool saved = (controls->word[VMX_WORD_EXIT] & EXIT_CTL_SAVE_TIMER) != 0;

	if (!timer || !saved) {
		controls->word[VMX_WORD_PIN] &= ~(u32)PIN_TIMER;
		controls->word[VMX_WORD_EXIT] &= ~(u32)EXIT_CTL_SAVE_TIMER;
	}
}

const char *vmx_controls_choose(const struct vmx_capability *cap, struct vmx_controls *controls)
{
	for (u32 i = 0; i < VMX_WORD_COUNT; i++) {
		controls->word[i] = must_be_1(cap->word[i]);
	}
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		const struct control *row = &table[i];
		u64 capability = cap->word[row->word];

		if (!control_possible(row, capability)) {
			return row->name;
		}
		if (row->need == REQUIRED || row->need == OPTIONAL) {
			controls->word[row->word] |= (u32)row->bit & may_be_1(capability);
		}
	}
	vpid_decide(cap, controls);
	timer_decide(controls);
	return ept_lacks(cap->ept_vpid);
}
