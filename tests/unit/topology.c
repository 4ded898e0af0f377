// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/topology: CPUs that describe themselves in each of the ways there are. */
#include "tests/unit/unit.h"
#include "arch/x86/topology.h"

struct leaf {
	u32 leaf, subleaf;
	struct cpuid_regs regs;
};

static const struct leaf *machine;
static u32 reads;

/* Leaves that the table does not have read zero. */
static void machine_read(u32 leaf, u32 subleaf, struct cpuid_regs *regs)
{
	reads++;
	*regs = (struct cpuid_regs){0};
	for (const struct leaf *l = machine; l->leaf != UINT32_MAX; l++) {
		if (l->leaf == leaf && l->subleaf == subleaf) {
			*regs = l->regs;
		}
	}
}

#define END                                                                                        \
	{                                                                                          \
		UINT32_MAX, 0,                                                                     \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define LEVEL(leaf, subleaf, shift, count, type)                                                   \
	{                                                                                          \
		leaf, subleaf,                                                                     \
		{                                                                                  \
			shift, count, (type) << 8 | (subleaf), 0                                   \
		}                                                                                  \
	}
#define CACHE(leaf, subleaf, level, sharing)                                                       \
	{                                                                                          \
		leaf, subleaf,                                                                     \
		{                                                                                  \
			3 | (level) << 5 | ((sharing)-1) << 14, 0, 0, 0                            \
		}                                                                                  \
	}

static void expect_widths(const struct leaf *leaves, u32 core, u32 cache, u32 package)
{
	struct topology_widths w;

	machine = leaves;
	reads = 0;
	topology_widths_read(machine_read, &w);
	assert_int_equal(w.core_bits, core);
	assert_int_equal(w.cache_bits, cache);
	assert_int_equal(w.package_bits, package);
	assert_true(reads < 40);
}

/* Two threads, eight cores, a last-level cache for all of them. */
static void intel_leaf_0b(void **state)
{
	static const struct leaf leaves[] = {{0, 0, {0x16, 0, 0, 0}},
					     CACHE(4, 0, 1, 2),
					     CACHE(4, 1, 1, 2),
					     CACHE(4, 2, 2, 2),
					     CACHE(4, 3, 3, 16),
					     LEVEL(0xb, 0, 1, 2, 1),
					     LEVEL(0xb, 1, 4, 16, 2),
					     {1, 0, {0, 16 << 16, 0, BIT(28)}},
					     END};

	(void)state;
	expect_widths(leaves, 1, 4, 4);
}

/* Leaf 1Fh, which has dies, goes before 0Bh, which has not. */
static void intel_leaf_1f(void **state)
{
	static const struct leaf leaves[] = {{0, 0, {0x1f, 0, 0, 0}},
					     LEVEL(0x1f, 0, 1, 2, 1),
					     LEVEL(0x1f, 1, 3, 8, 2),
					     LEVEL(0x1f, 2, 5, 32, 5),
					     LEVEL(0xb, 0, 2, 2, 1),
					     CACHE(4, 0, 3, 8),
					     END};

	(void)state;
	expect_widths(leaves, 1, 3, 5);
}

/* A highest leaf of 1Fh with nothing in it. */
static void empty_leaf_1f(void **state)
{
	static const struct leaf leaves[] = {
		{0, 0, {0x1f, 0, 0, 0}}, LEVEL(0xb, 0, 1, 2, 1), LEVEL(0xb, 1, 2, 4, 2), END};

	(void)state;
	expect_widths(leaves, 1, 2, 2);
}

/* Two threads a core, four cores a complex with its cache, 64 ids a package. */
static void amd_leaves(void **state)
{
	static const struct leaf leaves[] = {{0, 0, {0x0a, 0, 0, 0}},
					     {0x80000000, 0, {0x8000001e, 0, 0, 0}},
					     {0x80000001, 0, {0, 0, BIT(22), 0}},
					     {0x80000008, 0, {0, 0, 6 << 12 | 31, 0}},
					     CACHE(0x8000001d, 0, 1, 2),
					     CACHE(0x8000001d, 1, 1, 2),
					     CACHE(0x8000001d, 2, 2, 2),
					     CACHE(0x8000001d, 3, 3, 8),
					     {0x8000001e, 0, {0, 1 << 8, 0, 0}},
					     END};

	(void)state;
	expect_widths(leaves, 1, 3, 6);
}

/* No field for the width of the ids: the number of CPUs, which need not be a power of two. */
static void amd_without_id_size(void **state)
{
	static const struct leaf leaves[] = {{0x80000000, 0, {0x8000001e, 0, 0, 0}},
					     {0x80000001, 0, {0, 0, BIT(22), 0}},
					     {0x80000008, 0, {0, 0, 5, 0}},
					     END};

	(void)state;
	expect_widths(leaves, 0, 3, 3);
}

/* Leaf 4 gives cores, leaf 1 logical CPUs: the rest are threads. */
static void legacy_intel(void **state)
{
	static const struct leaf leaves[] = {{0, 0, {4, 0, 0, 0}},
					     {1, 0, {0, 8 << 16, 0, BIT(28)}},
					     {4, 0, {3 | 1 << 5 | 1 << 14 | 3u << 26, 0, 0, 0}},
					     {4, 1, {3 | 2 << 5 | 3 << 14 | 3u << 26, 0, 0, 0}},
					     END};

	(void)state;
	expect_widths(leaves, 1, 2, 3);
}

static void legacy_amd(void **state)
{
	static const struct leaf leaves[] = {
		{0, 0, {1, 0, 0, 0}}, {1, 0, {0, 3 << 16, 0, BIT(28)}}, END};

	(void)state;
	expect_widths(leaves, 0, 2, 2);
}

/* One logical CPU per package: HTT is clear, and what is in EBX means nothing. */
static void single(void **state)
{
	static const struct leaf leaves[] = {{0, 0, {1, 0, 0, 0}}, {1, 0, {0, 8 << 16, 0, 0}}, END};

	(void)state;
	expect_widths(leaves, 0, 32, 32);
}

/* A leaf that never ends, as an emulator may have it. */
static void endless(void **state)
{
	static struct leaf leaves[64];
	u32 n = 0;

	(void)state;
	leaves[n++] = (struct leaf){0, 0, {0x0b, 0, 0, 0}};
	for (u32 i = 0; i < 30; i++) {
		leaves[n++] = (struct leaf){0xb, i, {1, 2, 1 << 8, 0}};
		leaves[n++] = (struct leaf)CACHE(4, i, 1, 2);
	}
	leaves[n] = (struct leaf)END;
	expect_widths(leaves, 1, 1, 1);
}

static void places(void **state)
{
	static struct acpi_srat srat;
	struct topology_widths w = {1, 3, 6};
	struct arch_place p = topology_place(&w, NULL, 0x4b);

	(void)state;
	assert_int_equal(p.core, 0x25);
	assert_int_equal(p.cache, 9);
	assert_int_equal(p.package, 1);
	assert_int_equal(p.node, 0);
	srat.cpu_count = 2;
	srat.cpus[0].apic_id = 3;
	srat.cpus[0].domain = 7;
	srat.cpus[1].apic_id = 0x4b;
	srat.cpus[1].domain = 2;
	assert_int_equal(topology_place(&w, &srat, 0x4b).node, 2);
	assert_int_equal(topology_place(&w, &srat, 3).node, 7);
	assert_int_equal(topology_place(&w, &srat, 4).node, 0);
	w = (struct topology_widths){0, 32, 32};
	p = topology_place(&w, NULL, UINT32_MAX);
	assert_true(p.core == UINT32_MAX && p.cache == 0 && p.package == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intel_leaf_0b),
		cmocka_unit_test(intel_leaf_1f),
		cmocka_unit_test(empty_leaf_1f),
		cmocka_unit_test(amd_leaves),
		cmocka_unit_test(amd_without_id_size),
		cmocka_unit_test(legacy_intel),
		cmocka_unit_test(legacy_amd),
		cmocka_unit_test(single),
		cmocka_unit_test(endless),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
