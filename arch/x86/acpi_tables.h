/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Readers for the ACPI tables that Evenkeel uses (ACPI specification 6.4, chapter 5). Each takes
 * the table as bytes and trusts nothing in it: lengths are checked, counts cut to the size of the
 * result. Pure.
 */
#ifndef ARCH_X86_ACPI_TABLES_H
#define ARCH_X86_ACPI_TABLES_H

#include "arch/arch.h"
#include "kernel/lib/types.h"

#define ACPI_HEADER_SIZE  36u
#define ACPI_IOAPICS_MAX  16u
#define ACPI_ISA_IRQS	  16u
#define ACPI_SEGMENTS_MAX 16u
#define ACPI_AFFINITY_MAX 512u
#define ACPI_MEMORY_MAX	  64u

/* Where the root table is: RSDT (32-bit entries) or XSDT (64-bit). */
struct acpi_root {
	hpa_t address;
	bool is_xsdt;
	char oem[7];
};

/* Reads the root pointer at p[size] (36 bytes are enough). ERR_FORMAT: signature or checksum wrong.
 */
int acpi_rsdp_parse(const u8 *p, size_t size, struct acpi_root *root) must_check;

/* Is there a root pointer in p[size], on a 16-byte boundary? Sets its offset. */
bool acpi_rsdp_search(const u8 *p, size_t size, size_t *offset);

/* The length that the header at p (ACPI_HEADER_SIZE bytes) claims, or 0 if that is impossible. */
u32 acpi_table_length(const u8 *p);

bool acpi_signature_is(const u8 *p, const char *signature);

/* Is p[length] a table with that signature and a good checksum? */
bool acpi_table_ok(const u8 *p, size_t length, const char *signature);

/* Address in entry `index` of the root table p[length]; false past the end. */
bool acpi_root_entry(const u8 *p, size_t length, bool is_xsdt, u32 index, hpa_t *entry);

struct acpi_ioapic {
	hpa_t base;
	u32 gsi_base;
	u8 id;
};

/* How an ISA interrupt is wired: MADT overrides, else edge, active high, same number. */
struct acpi_isa_irq {
	u32 gsi;
	bool level, active_low;
};

struct acpi_madt {
	hpa_t lapic_base;
	bool has_pics;
	u32 cpu_count;	    /* enabled ones, in table order, no id twice */
	u32 disabled_count; /* present in the table, not enabled */
	u32 dropped_count;  /* enabled, but beyond PCPU_MAX */
	u32 apic_ids[PCPU_MAX];
	u32 ioapic_count;
	struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
	struct acpi_isa_irq isa[ACPI_ISA_IRQS];
};
int acpi_madt_parse(const u8 *p, size_t length, struct acpi_madt *madt) must_check;

/* Generic address structure, 5.2.3.2. */
struct acpi_address {
	u8 space; /* 0 memory, 1 I/O, 2 PCI configuration */
	u8 bit_width;
	u64 address; /* 0: not there */
};
enum { ACPI_SPACE_MEMORY, ACPI_SPACE_IO, ACPI_SPACE_PCI };

struct acpi_fadt {
	hpa_t dsdt;
	u32 smi_command_port; /* 0: none */
	u8 acpi_enable;
	u16 pm1a_control_port, pm1b_control_port; /* 0: none */
	struct acpi_address pm_timer;
	bool pm_timer_32bit;
	struct acpi_address reset; /* only when the reset flag is set */
	u8 reset_value;
};
int acpi_fadt_parse(const u8 *p, size_t length, struct acpi_fadt *fadt) must_check;

/* SLP_TYP values of \_S5, found by their byte pattern in the DSDT's AML (20.2.5.4). */
struct acpi_s5 {
	u8 type_a, type_b;
};
bool acpi_s5_find(const u8 *p, size_t length, struct acpi_s5 *s5);

int acpi_hpet_parse(const u8 *p, size_t length, hpa_t *base) must_check;

struct acpi_segment {
	hpa_t base; /* of the configuration space of bus 0 */
	u16 segment;
	u8 first_bus, last_bus;
};
struct acpi_mcfg {
	u32 count;
	struct acpi_segment segments[ACPI_SEGMENTS_MAX];
};
int acpi_mcfg_parse(const u8 *p, size_t length, struct acpi_mcfg *mcfg) must_check;

struct acpi_srat {
	u32 cpu_count;
	struct {
		u32 apic_id, domain;
	} cpus[ACPI_AFFINITY_MAX];
	u32 memory_count;
	struct {
		hpa_t base;
		u64 size_bytes;
		u32 domain;
	} memory[ACPI_MEMORY_MAX];
};
int acpi_srat_parse(const u8 *p, size_t length, struct acpi_srat *srat) must_check;

#endif
