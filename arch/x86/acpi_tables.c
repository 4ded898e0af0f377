// SPDX-License-Identifier: GPL-2.0-only
/* See acpi_tables.h. Fields are read by offset, as the specification's tables give them. Pure. */
#include "arch/x86/acpi_tables.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

#define RSDP_V1_SIZE  20u
#define RSDP_V2_SIZE  36u
#define TABLE_MAX     MIB(16)
#define CPU_ENABLED   BIT(0)
#define ENTRY_ENABLED BIT(0)

static u16 get16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static u32 get32(const u8 *p)
{
	return get16(p) | (u32)get16(p + 2) << 16;
}

static u64 get64(const u8 *p)
{
	return get32(p) | (u64)get32(p + 4) << 32;
}

static bool sums_to_zero(const u8 *p, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum = (u8)(sum + p[i]);
	}
	return sum == 0;
}

/* --- root ------------------------------------------------------------------------------------- */

int acpi_rsdp_parse(const u8 *p, size_t size, struct acpi_root *root)
{
	if (size < RSDP_V1_SIZE || memcmp(p, "RSD PTR ", 8) != 0 ||
	    !sums_to_zero(p, RSDP_V1_SIZE)) {
		return ERR_FORMAT;
	}
	*root = (struct acpi_root){.address = hpa(get32(p + 16))};
	memcpy(root->oem, p + 9, 6);
	if (p[15] >= 2 && size >= RSDP_V2_SIZE && sums_to_zero(p, RSDP_V2_SIZE) &&
	    get64(p + 24) != 0) {
		root->address = hpa(get64(p + 24));
		root->is_xsdt = true;
	}
	return ERR_OK;
}

bool acpi_rsdp_search(const u8 *p, size_t size, size_t *offset)
{
	for (size_t at = 0; at + RSDP_V1_SIZE <= size; at += 16) {
		struct acpi_root root;

		if (acpi_rsdp_parse(p + at, size - at, &root) == ERR_OK) {
			*offset = at;
			return true;
		}
	}
	return false;
}

u32 acpi_table_length(const u8 *p)
{
	u32 length = get32(p + 4);

	return length >= ACPI_HEADER_SIZE && length <= TABLE_MAX ? length : 0;
}

bool acpi_signature_is(const u8 *p, const char *signature)
{
	return memcmp(p, signature, 4) == 0;
}

bool acpi_table_ok(const u8 *p, size_t length, const char *signature)
{
	return length >= ACPI_HEADER_SIZE && acpi_signature_is(p, signature) &&
	       acpi_table_length(p) == length && sums_to_zero(p, length);
}

bool acpi_root_entry(const u8 *p, size_t length, bool is_xsdt, u32 index, hpa_t *entry)
{
	size_t size = is_xsdt ? 8 : 4;
	size_t at = ACPI_HEADER_SIZE + index * size;

	if (at + size > length) {
		return false;
	}
	*entry = hpa(is_xsdt ? get64(p + at) : get32(p + at));
	return true;
}

/* --- MADT, 5.2.12 ----------------------------------------------------------------------------- */

static void madt_add_cpu(struct acpi_madt *madt, u32 apic_id, u32 flags)
{
	if ((flags & CPU_ENABLED) == 0) {
		madt->disabled_count++;
		return;
	}
	for (u32 i = 0; i < madt->cpu_count; i++) {
		if (madt->apic_ids[i] == apic_id) { /* firmware may list a CPU as both kinds */
			return;
		}
	}
	if (madt->cpu_count == PCPU_MAX) {
		madt->dropped_count++;
		return;
	}
	madt->apic_ids[madt->cpu_count++] = apic_id;
}

static void madt_lapic(struct acpi_madt *madt, const u8 *e)
{
	madt_add_cpu(madt, e[3], get32(e + 4));
}

static void madt_x2apic(struct acpi_madt *madt, const u8 *e)
{
	madt_add_cpu(madt, get32(e + 4), get32(e + 8));
}

static void madt_ioapic(struct acpi_madt *madt, const u8 *e)
{
	if (madt->ioapic_count < ACPI_IOAPICS_MAX) {
		madt->ioapics[madt->ioapic_count++] = (struct acpi_ioapic){
			.base = hpa(get32(e + 4)), .gsi_base = get32(e + 8), .id = e[2]};
	}
}

static void madt_override(struct acpi_madt *madt, const u8 *e)
{
	u16 flags = get16(e + 8);

	if (e[2] == 0 && e[3] < ACPI_ISA_IRQS) {
		/* Polarity 3: active low; trigger 3: level; 0: as the ISA bus does, which is high,
		 * edge. */
		madt->isa[e[3]] = (struct acpi_isa_irq){.gsi = get32(e + 4),
							.active_low = (flags & 3) == 3,
							.level = (flags >> 2 & 3) == 3};
	}
}

static void madt_lapic_address(struct acpi_madt *madt, const u8 *e)
{
	madt->lapic_base = hpa(get64(e + 4));
}

static const struct {
	u8 type, size;
	void (*parse)(struct acpi_madt *madt, const u8 *entry);
} madt_entries[] = {
	/* clang-format off */
	{0, 8, madt_lapic},
	{1, 12, madt_ioapic},
	{2, 10, madt_override},
	{5, 12, madt_lapic_address},
	{9, 16, madt_x2apic},
	/* clang-format on */
};

int acpi_madt_parse(const u8 *p, size_t length, struct acpi_madt *madt)
{
	*madt = (struct acpi_madt){0};
	if (length < 44) {
		return ERR_FORMAT;
	}
	madt->lapic_base = hpa(get32(p + 36));
	madt->has_pics = (get32(p + 40) & 1) != 0;
	for (u32 i = 0; i < ACPI_ISA_IRQS; i++) {
		madt->isa[i] = (struct acpi_isa_irq){.gsi = i};
	}
	for (size_t at = 44; at + 2 <= length;) {
		u8 type = p[at];
		u8 size = p[at + 1];

		if (size < 2 || size > length - at) {
			break;
		}
		for (size_t i = 0; i < ARRAY_SIZE(madt_entries); i++) {
			if (madt_entries[i].type == type && size >= madt_entries[i].size) {
				madt_entries[i].parse(madt, p + at);
			}
		}
		at += size;
	}
	return ERR_OK;
}

/* --- FADT, 5.2.9 ------------------------------------------------------------------------------ */

static struct acpi_address get_address(const u8 *p)
{
	return (struct acpi_address){.space = p[0], .bit_width = p[1], .address = get64(p + 4)};
}

int acpi_fadt_parse(const u8 *p, size_t length, struct acpi_fadt *fadt)
{
	*fadt = (struct acpi_fadt){0};
	if (length < 116) {
		return ERR_FORMAT;
	}
	u32 flags = get32(p + 112);

	fadt->dsdt = hpa(get32(p + 40));
	fadt->smi_command_port = get32(p + 48);
	fadt->acpi_enable = p[52];
	fadt->pm1a_control_port = get16(p + 64);
	fadt->pm1b_control_port = get16(p + 68);
	if (get32(p + 76) != 0) {
		fadt->pm_timer = (struct acpi_address){
			.space = ACPI_SPACE_IO, .bit_width = 32, .address = get32(p + 76)};
	}
	fadt->pm_timer_32bit = (flags & BIT(8)) != 0;
	if (length >= 129 && (flags & BIT(10)) != 0) {
		fadt->reset = get_address(p + 116);
		fadt->reset_value = p[128];
	}
	if (length >= 148 && get64(p + 140) != 0) {
		fadt->dsdt = hpa(get64(p + 140));
	}
	if (length >= 220 && get64(p + 208 + 4) != 0) {
		fadt->pm_timer = get_address(p + 208);
	}
	return ERR_OK;
}

/* An integer element of a package: ZeroOp, OneOp, BytePrefix, WordPrefix or DWordPrefix (20.2.3).
 */
static bool aml_small_integer(const u8 *p, size_t size, size_t *at, u8 *value)
{
	static const u8 lengths[] = {[0x0a] = 1, [0x0b] = 2, [0x0c] = 4};

	if (*at >= size) {
		return false;
	}
	u8 op = p[(*at)++];

	if (op <= 1) {
		*value = op;
		return true;
	}
	if (op >= ARRAY_SIZE(lengths) || lengths[op] == 0 || lengths[op] > size - *at) {
		return false;
	}
	*value = p[*at];
	*at += lengths[op];
	return true;
}

bool acpi_s5_find(const u8 *p, size_t length, struct acpi_s5 *s5)
{
	for (size_t at = ACPI_HEADER_SIZE; at + 8 <= length; at++) {
		/* NameOp, maybe a root prefix, the name, PackageOp, PkgLength of 1 to 4 bytes,
		 * NumElements. */
		if (memcmp(p + at, "_S5_", 4) != 0 || p[at + 4] != 0x12 ||
		    (p[at - 1] != 0x08 && !(p[at - 1] == '\\' && p[at - 2] == 0x08))) {
			continue;
		}
		size_t next = at + 5 + 1 + (p[at + 5] >> 6) + 1;

		if (aml_small_integer(p, length, &next, &s5->type_a) &&
		    aml_small_integer(p, length, &next, &s5->type_b)) {
			return true;
		}
	}
	return false;
}

/* --- HPET (IA-PC HPET specification 1.0a, 3.2.4), MCFG (PCI firmware specification 3.0, 4.1.2) ---
 */

int acpi_hpet_parse(const u8 *p, size_t length, hpa_t *base)
{
	if (length < 52 || p[40] != ACPI_SPACE_MEMORY || get64(p + 44) == 0) {
		return ERR_FORMAT;
	}
	*base = hpa(get64(p + 44));
	return ERR_OK;
}

int acpi_mcfg_parse(const u8 *p, size_t length, struct acpi_mcfg *mcfg)
{
	*mcfg = (struct acpi_mcfg){0};
	if (length < 44) {
		return ERR_FORMAT;
	}
	for (size_t at = 44; at + 16 <= length && mcfg->count < ACPI_SEGMENTS_MAX; at += 16) {
		struct acpi_segment s = {.base = hpa(get64(p + at)),
					 .segment = get16(p + at + 8),
					 .first_bus = p[at + 10],
					 .last_bus = p[at + 11]};

		if (s.base.v != 0 && s.first_bus <= s.last_bus) {
			mcfg->segments[mcfg->count++] = s;
		}
	}
	return ERR_OK;
}

/* --- SRAT, 5.2.16 ----------------------------------------------------------------------------- */

static void srat_add_cpu(struct acpi_srat *srat, u32 apic_id, u32 domain)
{
	if (srat->cpu_count < ACPI_AFFINITY_MAX) {
		srat->cpus[srat->cpu_count].apic_id = apic_id;
		srat->cpus[srat->cpu_count++].domain = domain;
	}
}

static void srat_lapic(struct acpi_srat *srat, const u8 *e)
{
	if ((get32(e + 4) & ENTRY_ENABLED) != 0) {
		srat_add_cpu(srat, e[3],
			     e[2] | (u32)e[9] << 8 | (u32)e[10] << 16 | (u32)e[11] << 24);
	}
}

static void srat_memory(struct acpi_srat *srat, const u8 *e)
{
	if ((get32(e + 28) & ENTRY_ENABLED) != 0 && srat->memory_count < ACPI_MEMORY_MAX) {
		srat->memory[srat->memory_count].domain = get32(e + 2);
		srat->memory[srat->memory_count].base = hpa(get64(e + 8));
		srat->memory[srat->memory_count++].size_bytes = get64(e + 16);
	}
}

static void srat_x2apic(struct acpi_srat *srat, const u8 *e)
{
	if ((get32(e + 12) & ENTRY_ENABLED) != 0) {
		srat_add_cpu(srat, get32(e + 8), get32(e + 4));
	}
}

static const struct {
	u8 type, size;
	void (*parse)(struct acpi_srat *srat, const u8 *entry);
} srat_entries[] = {
	{0, 16, srat_lapic},
	{1, 40, srat_memory},
	{2, 24, srat_x2apic},
};

int acpi_srat_parse(const u8 *p, size_t length, struct acpi_srat *srat)
{
	*srat = (struct acpi_srat){0};
	if (length < 48) {
		return ERR_FORMAT;
	}
	for (size_t at = 48; at + 2 <= length;) {
		u8 type = p[at];
		u8 size = p[at + 1];

		if (size < 2 || size > length - at) {
			break;
		}
		for (size_t i = 0; i < ARRAY_SIZE(srat_entries); i++) {
			if (srat_entries[i].type == type && size >= srat_entries[i].size) {
				srat_entries[i].parse(srat, p + at);
			}
		}
		at += size;
	}
	return ERR_OK;
}
