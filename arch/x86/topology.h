/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which logical CPUs share a core, a last-level cache, a memory node: from the bits of their APIC ids (CPUID) and from the
 * SRAT. Pure.
 *
 * Sources: SDM vol. 2A "CPUID" (leaves 1, 4, 0Bh, 1Fh) and vol. 3 9.9.3; APM vol. 3 E.4.14 (8000_001D), E.4.15
 * (8000_001E), 8000_0008.
 */
#ifndef ARCH_X86_TOPOLOGY_H
#define ARCH_X86_TOPOLOGY_H

#include "arch/x86/acpi_tables.h"
#include "arch/x86/cpuid_regs.h"

/* How many low bits of an APIC id tell apart what is within one core, one last-level cache, one package: each at least
 * as many as the one before but the cache's, which may be more than the package's. */
struct topology_widths {
	u32 core_bits, cache_bits, package_bits;
};

typedef void topology_read_fn(u32 leaf, u32 subleaf, struct cpuid_regs *regs);

/* Of the CPU on which `read` executes CPUID. Where it says nothing all is one package with one cache, its CPUs cores
 * of one thread. */
void topology_widths_read(topology_read_fn *read, struct topology_widths *widths);

/* The place of one CPU; `srat` NULL: there is none, all memory is one node. A CPU that the SRAT leaves out is in node 0. */
struct arch_place topology_place(const struct topology_widths *widths, const struct acpi_srat *srat, u32 apic_id);

#endif
