// SPDX-License-Identifier: GPL-2.0-only
/* CPUID's several ways to describe how logical CPUs are grouped; see topology.h. Pure. */
#include "arch/x86/topology.h"

#define LEAF_CACHES	  4u
#define LEAF_TOPOLOGY	  0x0bu
#define LEAF_TOPOLOGY_V2  0x1fu
#define LEAF_EXT_FEATURES 0x80000001u
#define LEAF_EXT_SIZES	  0x80000008u
#define LEAF_AMD_CACHES	  0x8000001du
#define LEAF_AMD_TOPOLOGY 0x8000001eu

#define FEATURE_HTT	  BIT(28) /* leaf 1 EDX: the count of logical CPUs is valid */
#define FEATURE_TOPOEXT	  BIT(22) /* 8000_0001 ECX: leaves 8000_001D, 8000_001E */
#define LEVEL_SMT	  1u
/* No CPU has more levels or caches; one that never says "no more" is not followed further. */
#define LEVELS_MAX	  8u
#define APIC_ID_BITS_MAX  32u

/* The field of `value` from bit `low`, `bits` wide. */
static u32 field(u32 value, u32 low, u32 bits)
{
	return (value >> low) & (u32)(BIT(bits) - 1);
}

/* Bits that tell `count` things apart. */
static u32 bits_for(u32 count)
{
	return count <= 1 ? 0 : 32 - (u32)__builtin_clz(count - 1);
}

/* Leaf 0Bh or 1Fh: a subleaf per level, each with the bits to shift away to get at the next. */
static bool levels_read(topology_read_fn *read, u32 leaf, struct topology_widths *w)
{
	bool any = false;

	for (u32 i = 0; i < LEVELS_MAX; i++) {
		struct cpuid_regs r;

		read(leaf, i, &r);
		u32 type = field(r.ecx, 8, 8);
		u32 shift = field(r.eax, 0, 5);

		/* EBX: logical CPUs at this level; none in a leaf that is not really there. */
		if (type == 0 || field(r.ebx, 0, 16) == 0) {
			break;
		}
		if (type == LEVEL_SMT) {
			w->core_bits = shift;
		}
		w->package_bits = shift;
		any = true;
	}
	return any;
}

static bool amd_read(topology_read_fn *read, struct topology_widths *w)
{
	struct cpuid_regs r, sizes;

	read(LEAF_AMD_TOPOLOGY, 0, &r);
	read(LEAF_EXT_SIZES, 0, &sizes);
	u32 id_bits = field(sizes.ecx, 12, 4);

	w->core_bits = bits_for(field(r.ebx, 8, 8) + 1);
	w->package_bits = id_bits != 0 ? id_bits : bits_for(field(sizes.ecx, 0, 8) + 1);
	return true;
}

/* What CPUs said before there were leaves for it: logical CPUs of a package, and cores of one. */
static void legacy_read(topology_read_fn *read, u32 max_basic, struct topology_widths *w)
{
	struct cpuid_regs r, cache = {0};

	read(1, 0, &r);
	if (max_basic >= LEAF_CACHES) {
		read(LEAF_CACHES, 0, &cache);
	}
	if ((r.edx & FEATURE_HTT) == 0) {
		return;
	}
	u32 cores_bits = bits_for(field(cache.eax, 26, 6) + 1);

	w->package_bits = bits_for(field(r.ebx, 16, 8));
	/* Without leaf 4 the CPU is AMD's, where these are cores. */
	if (field(cache.eax, 0, 5) != 0 && w->package_bits > cores_bits) {
		w->core_bits = w->package_bits - cores_bits;
	}
}

/* Bits within the highest cache of leaf 4 or 8000_001D, which are alike; `fallback` when it tells
 * of none. */
static u32 cache_bits_read(topology_read_fn *read, u32 leaf, u32 fallback)
{
	u32 bits = fallback, highest = 0;

	for (u32 i = 0; i < LEVELS_MAX; i++) {
		struct cpuid_regs r;

		read(leaf, i, &r);
		u32 level = field(r.eax, 5, 3);

		if (field(r.eax, 0, 5) == 0) {
			break;
		}
		if (level > highest) {
			highest = level;
			bits = bits_for(field(r.eax, 14, 12) + 1);
		}
	}
	return bits;
}

void topology_widths_read(topology_read_fn *read, struct topology_widths *w)
{
	struct cpuid_regs basic, ext, features = {0};

	*w = (struct topology_widths){0, APIC_ID_BITS_MAX, APIC_ID_BITS_MAX};
	read(0, 0, &basic);
	read(0x80000000, 0, &ext);
	if (ext.eax >= LEAF_EXT_FEATURES && ext.eax >> 31 != 0) {
		read(LEAF_EXT_FEATURES, 0, &features);
	}
	bool amd = (features.ecx & FEATURE_TOPOEXT) != 0 && ext.eax >= LEAF_AMD_TOPOLOGY;
	bool known = (basic.eax >= LEAF_TOPOLOGY_V2 && levels_read(read, LEAF_TOPOLOGY_V2, w)) ||
		     (basic.eax >= LEAF_TOPOLOGY && levels_read(read, LEAF_TOPOLOGY, w)) ||
		     (amd && amd_read(read, w));

	if (!known) {
		legacy_read(read, basic.eax, w);
	}
	w->cache_bits = w->package_bits;
	if (amd) {
		w->cache_bits = cache_bits_read(read, LEAF_AMD_CACHES, w->package_bits);
	} else if (basic.eax >= LEAF_CACHES) {
		w->cache_bits = cache_bits_read(read, LEAF_CACHES, w->package_bits);
	}
	w->cache_bits = MAX(w->cache_bits, w->core_bits);
}

static u32 shifted(u32 id, u32 bits)
{
	return bits >= APIC_ID_BITS_MAX ? 0 : id >> bits;
}

struct arch_place topology_place(const struct topology_widths *widths, const struct acpi_srat *srat,
				 u32 apic_id)
{
	struct arch_place place = {
		.core = shifted(apic_id, widths->core_bits),
		.cache = shifted(apic_id, widths->cache_bits),
		.package = shifted(apic_id, widths->package_bits),
		.node = 0,
	};

	for (u32 i = 0; srat != NULL && i < srat->cpu_count; i++) {
		if (srat->cpus[i].apic_id == apic_id) {
			place.node = srat->cpus[i].domain;
		}
	}
	return place;
}
