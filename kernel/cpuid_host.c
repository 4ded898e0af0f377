// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID of the machine: recording a pCPU's leaves and reducing several pCPUs to what they have in
 * common, so that no guest sees a value that differs between two pCPUs it may run on. Pure.
 */
#include "kernel/cpuid_policy.h"
#include "kernel/cpuid_policy_priv.h"
#include "kernel/lib/err.h"

/* How a register of two pCPUs becomes one: features that both have, the smaller of two limits, the
 * first pCPU's value where they describe and promise nothing, or no value unless they are the same.
 */
enum merge { AND, MIN, FIRST, SAME };

/* The leaves that cpuid_policy.c looks at. */
static const struct host_leaf {
	u32 leaf;
	u32 subleaves;
	u8 merge[4]; /* eax ebx ecx edx */
} host_leaves[] = {
	/* clang-format off */
	{0x00000000, 1, {MIN, FIRST, FIRST, FIRST}},	   /* highest leaf, vendor */
	{0x00000001, 1, {FIRST, FIRST, AND, AND}},	   /* signature, CLFLUSH size, features */
	{0x00000004, 4, {FIRST, FIRST, FIRST, FIRST}},	   /* caches */
	{0x00000007, 2, {AND, AND, AND, AND}},		   /* features; eax of 0: see merge_entry() */
	{0x0000000d, CPUID_XSAVE_COMPONENTS, {AND, AND, AND, AND}},
	{0x80000000, 1, {MIN, FIRST, FIRST, FIRST}},
	{0x80000001, 1, {FIRST, FIRST, AND, AND}},
	{0x80000002, 1, {FIRST, FIRST, FIRST, FIRST}},	   /* name */
	{0x80000003, 1, {FIRST, FIRST, FIRST, FIRST}},
	{0x80000004, 1, {FIRST, FIRST, FIRST, FIRST}},
	{0x80000005, 1, {FIRST, FIRST, FIRST, FIRST}},	   /* caches */
	{0x80000006, 1, {FIRST, FIRST, FIRST, FIRST}},
	{0x80000007, 1, {AND, AND, AND, AND}},
	{0x80000008, 1, {MIN, AND, AND, AND}},		   /* address width */
	{0x8000001a, 1, {AND, AND, AND, AND}},
	{0x8000001d, 5, {FIRST, FIRST, FIRST, FIRST}},	   /* caches */
	{0x80000021, 1, {AND, AND, AND, AND}},
	/* clang-format on */
};

const struct cpuid_regs *cpuid_host_find(const struct cpuid_host *host, u32 leaf, u32 subleaf)
{
	static const struct cpuid_regs none;

	for (u32 i = 0; i < host->count; i++) {
		if (host->leaves[i].leaf == leaf && host->leaves[i].subleaf == subleaf) {
			return &host->leaves[i].regs;
		}
	}
	return &none;
}

void cpuid_host_record(struct cpuid_host *host, cpuid_read_fn *read)
{
	struct cpuid_regs basic, ext;

	read(0, 0, &basic);
	read(0x80000000, 0, &ext);
	host->count = 0;
	for (u32 i = 0; i < ARRAY_SIZE(host_leaves); i++) {
		const struct host_leaf *h = &host_leaves[i];

		/* Beyond the highest leaf Intel answers with another leaf's contents. */
		if (h->leaf > (h->leaf < 0x80000000 ? basic.eax : ext.eax)) {
			continue;
		}
		for (u32 subleaf = 0; subleaf < h->subleaves; subleaf++) {
			struct cpuid_raw *raw = &host->leaves[host->count];

			if (host->count == CPUID_HOST_LEAVES) {
				return;
			}
			raw->leaf = h->leaf;
			raw->subleaf = subleaf;
			read(h->leaf, subleaf, &raw->regs);
			host->count++;
		}
	}
}

static const struct host_leaf *host_leaf_find(u32 leaf)
{
	for (u32 i = 0; i < ARRAY_SIZE(host_leaves); i++) {
		if (host_leaves[i].leaf == leaf) {
			return &host_leaves[i];
		}
	}
	return &host_leaves[0];
}

static u32 merge_value(u8 how, u32 a, u32 b)
{
	switch (how) {
	case MIN:
		return MIN(a, b);
	case FIRST:
		return a;
	case SAME:
		return a == b ? a : 0;
	default:
		return a & b;
	}
}

static void merge_entry(struct cpuid_raw *raw, const struct cpuid_regs *other)
{
	const u8 *how = host_leaf_find(raw->leaf)->merge;
	static const u8 xsave_component[4] = {SAME, SAME, AND, AND};
	static const u8 max_subleaf[4] = {MIN, AND, AND, AND};

	if (raw->leaf == 0xd && raw->subleaf >= 2) {
		how = xsave_component;
	} else if (raw->leaf == 7 && raw->subleaf == 0) {
		how = max_subleaf;
	}
	raw->regs.eax = merge_value(how[0], raw->regs.eax, other->eax);
	raw->regs.ebx = merge_value(how[1], raw->regs.ebx, other->ebx);
	raw->regs.ecx = merge_value(how[2], raw->regs.ecx, other->ecx);
	raw->regs.edx = merge_value(how[3], raw->regs.edx, other->edx);
}

int cpuid_host_merge(struct cpuid_host *host, const struct cpuid_host *other)
{
	const struct cpuid_regs *a = cpuid_host_find(host, 0, 0);
	const struct cpuid_regs *b = cpuid_host_find(other, 0, 0);

	if (a->ebx != b->ebx || a->ecx != b->ecx || a->edx != b->edx) {
		return ERR_NOTSUP;
	}
	for (u32 i = 0; i < host->count; i++) {
		struct cpuid_raw *raw = &host->leaves[i];

		merge_entry(raw, cpuid_host_find(other, raw->leaf, raw->subleaf));
	}
	return 0;
}
