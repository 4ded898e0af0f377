// SPDX-License-Identifier: GPL-2.0-only
/* What the current VMCS held when the CPU refused it, for whoever has to find out why. */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "kernel/log.h"

#define PER_LINE 4u

static const struct {
	u32 field;
	const char *name;
} fields[] = {
	/* clang-format off */
	{VMCS_EXIT_REASON, "reason"},     {VMCS_INSN_ERROR, "error"},
	{VMCS_QUALIFICATION, "qual"},     {VMCS_ENTRY_EVENT, "event"},
	{VMCS_PIN, "pin"},                {VMCS_PROC, "proc"},
	{VMCS_PROC2, "proc2"},            {VMCS_EXCEPTIONS, "exc"},
	{VMCS_EXIT, "exit"},              {VMCS_ENTRY, "entry"},
	{VMCS_GUEST_INTERRUPTIBILITY, "intr"}, {VMCS_GUEST_PENDING_DEBUG, "pend"},
	{VMCS_GUEST_CR0, "cr0"},          {VMCS_GUEST_CR4, "cr4"},
	{VMCS_GUEST_EFER, "efer"},        {VMCS_EPTP, "eptp"},
	{VMCS_NTH(VMCS_GUEST_ATTR, SEG_ES), "es"}, {VMCS_NTH(VMCS_GUEST_ATTR, SEG_CS), "cs"},
	{VMCS_NTH(VMCS_GUEST_ATTR, SEG_SS), "ss"}, {VMCS_NTH(VMCS_GUEST_ATTR, SEG_DS), "ds"},
	{VMCS_NTH(VMCS_GUEST_ATTR, SEG_FS), "fs"}, {VMCS_NTH(VMCS_GUEST_ATTR, SEG_GS), "gs"},
	{VMCS_NTH(VMCS_GUEST_ATTR, SEG_LDTR), "ldtr"}, {VMCS_NTH(VMCS_GUEST_ATTR, SEG_TR), "tr"},
	{VMCS_HOST_CR0, "hcr0"},          {VMCS_HOST_CR3, "hcr3"},
	{VMCS_HOST_CR4, "hcr4"},          {VMCS_HOST_EFER, "hefer"},
	/* clang-format on */
};
static_assert(ARRAY_SIZE(fields) % PER_LINE == 0, "whole lines");

void vmx_dump(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i += PER_LINE) {
		u64 v[PER_LINE];

		for (u32 k = 0; k < PER_LINE; k++) {
			v[k] = vmx_read(fields[i + k].field);
		}
		log_warn("VMCS %-6s %016llx %-6s %016llx %-6s %016llx %-6s %016llx", fields[i].name,
			 (unsigned long long)v[0], fields[i + 1].name, (unsigned long long)v[1],
			 fields[i + 2].name, (unsigned long long)v[2], fields[i + 3].name,
			 (unsigned long long)v[3]);
	}
}
