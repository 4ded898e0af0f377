// SPDX-License-Identifier: GPL-2.0-only
/* Finding the tables in memory and giving them to the readers of acpi_tables.c; see acpi.h. */
#include "arch/x86/acpi.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/host_map.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/log.h"

/* Where a BIOS leaves the root pointer (ACPI 6.4, 5.2.5.1). */
#define EBDA_SEGMENT_AT	 0x40eu
#define EBDA_SEARCH	 KIB(1)
#define BIOS_ROM_START	 0xe0000u
#define BIOS_ROM_END	 0x100000u
#define LOW_MEMORY_END	 0xa0000u

#define PM1_SCI_EN	 BIT(0)
#define PM1_SLP_EN	 BIT(13)
#define PM1_SLP_TYP(t)	 (((u32)(t)&7) << 10)
#define ROOT_ENTRIES_MAX 256u
/* Firmware may take up to this long to hand over to ACPI, in bus reads of a microsecond. */
#define ENABLE_POLLS	 300000u

static struct acpi_info acpi;
static volatile u8 *reset_register;

const struct acpi_info *acpi_get(void)
{
	return &acpi;
}

static const u8 *map(hpa_t base, u64 size_bytes)
{
	if (host_map_is_direct(base, size_bytes)) {
		return hpa_to_va(base);
	}
	return host_map_window(base, size_bytes, 0);
}

/* The table at `base` if its signature and checksum are right, else NULL. */
static const u8 *map_table(hpa_t base, const char *signature, u32 *length)
{
	const u8 *header = base.v != 0 ? map(base, ACPI_HEADER_SIZE) : NULL;

	if (header == NULL || !acpi_signature_is(header, signature)) {
		return NULL;
	}
	*length = acpi_table_length(header);
	const u8 *table = *length != 0 ? map(base, *length) : NULL;

	if (table == NULL || !acpi_table_ok(table, *length, signature)) {
		log_warn("ACPI: table %s at %#llx is damaged", signature,
			 (unsigned long long)base.v);
		return NULL;
	}
	return table;
}

static bool find_rsdp(const struct boot_info *info, struct acpi_root *root)
{
	size_t offset;

	if (info->acpi_rsdp.v != 0) {
		const u8 *p = map(info->acpi_rsdp, 36);

		if (p != NULL && acpi_rsdp_parse(p, 36, root) == ERR_OK) {
			return true;
		}
	}
	const u8 *low = hpa_to_va(hpa(0));
	u32 ebda = (u32)(low[EBDA_SEGMENT_AT] | low[EBDA_SEGMENT_AT + 1] << 8) << 4;

	if (ebda >= KIB(1) && ebda <= LOW_MEMORY_END - EBDA_SEARCH &&
	    acpi_rsdp_search(low + ebda, EBDA_SEARCH, &offset)) {
		return acpi_rsdp_parse(low + ebda + offset, EBDA_SEARCH - offset, root) == ERR_OK;
	}
	if (acpi_rsdp_search(low + BIOS_ROM_START, BIOS_ROM_END - BIOS_ROM_START, &offset)) {
		return acpi_rsdp_parse(low + BIOS_ROM_START + offset,
				       BIOS_ROM_END - BIOS_ROM_START - offset, root) == ERR_OK;
	}
	return false;
}

static bool read_madt(const u8 *p, u32 length)
{
	acpi.has_madt = acpi_madt_parse(p, length, &acpi.madt) == ERR_OK;
	return acpi.has_madt;
}

static bool read_fadt(const u8 *p, u32 length)
{
	u32 dsdt_length;

	acpi.has_fadt = acpi_fadt_parse(p, length, &acpi.fadt) == ERR_OK;
	if (acpi.has_fadt) {
		const u8 *dsdt = map_table(acpi.fadt.dsdt, "DSDT", &dsdt_length);

		acpi.has_s5 = dsdt != NULL && acpi_s5_find(dsdt, dsdt_length, &acpi.s5);
	}
	return acpi.has_fadt;
}

static bool read_hpet(const u8 *p, u32 length)
{
	acpi.has_hpet = acpi_hpet_parse(p, length, &acpi.hpet_base) == ERR_OK;
	return acpi.has_hpet;
}

static bool read_mcfg(const u8 *p, u32 length)
{
	acpi.has_mcfg = acpi_mcfg_parse(p, length, &acpi.mcfg) == ERR_OK;
	return acpi.has_mcfg;
}

static bool read_srat(const u8 *p, u32 length)
{
	acpi.has_srat = acpi_srat_parse(p, length, &acpi.srat) == ERR_OK;
	return acpi.has_srat;
}

static const struct {
	const char *signature;
	bool (*read)(const u8 *table, u32 length);
} readers[] = {
	{"APIC", read_madt}, {"FACP", read_fadt}, {"HPET", read_hpet},
	{"MCFG", read_mcfg}, {"SRAT", read_srat},
};

/* A panic must not need a lock or a new mapping to reset the machine. */
static void map_reset_register(void)
{
	const struct acpi_address *a = &acpi.fadt.reset;

	if (a->address != 0 && a->space == ACPI_SPACE_MEMORY) {
		reset_register = arch_map_mmio(hpa(a->address), 1);
	}
}

void acpi_reset(void)
{
	const struct acpi_address *a = &acpi.fadt.reset;

	if (reset_register != NULL) {
		*reset_register = acpi.fadt.reset_value;
	} else if (a->address != 0 && a->space == ACPI_SPACE_IO && a->address <= 0xffff) {
		outb((u16)a->address, acpi.fadt.reset_value);
	}
}

void acpi_init(const struct boot_info *info)
{
	struct acpi_root root;
	u32 root_length;
	char found[64] = "";
	size_t len = 0;

	if (!find_rsdp(info, &root)) {
		log_warn("ACPI: no root pointer found");
		return;
	}
	const u8 *table = map_table(root.address, root.is_xsdt ? "XSDT" : "RSDT", &root_length);
	hpa_t entry;

	for (u32 i = 0; table != NULL && i < ROOT_ENTRIES_MAX &&
			acpi_root_entry(table, root_length, root.is_xsdt, i, &entry);
	     i++) {
		for (size_t r = 0; r < ARRAY_SIZE(readers); r++) {
			const u8 *header = entry.v != 0 ? map(entry, ACPI_HEADER_SIZE) : NULL;
			u32 length;

			if (header == NULL || !acpi_signature_is(header, readers[r].signature)) {
				continue;
			}
			const u8 *t = map_table(entry, readers[r].signature, &length);

			if (t != NULL && readers[r].read(t, length) && len < sizeof(found)) {
				len += (size_t)fmt_print(found + len, sizeof(found) - len, " %s",
							 readers[r].signature);
			}
		}
	}
	map_reset_register();
	log_info("ACPI: %s (%s) with%s", root.is_xsdt ? "XSDT" : "RSDT", root.oem,
		 found[0] != '\0' ? found : " nothing of use");
}

/* Firmware may still be in legacy mode, where sleep commands do nothing (4.8.2.5). */
static void enable_acpi_mode(void)
{
	const struct acpi_fadt *f = &acpi.fadt;

	if ((inw(f->pm1a_control_port) & PM1_SCI_EN) != 0 || f->smi_command_port == 0 ||
	    f->acpi_enable == 0) {
		return;
	}
	outb((u16)f->smi_command_port, f->acpi_enable);
	for (u32 i = 0; i < ENABLE_POLLS && (inw(f->pm1a_control_port) & PM1_SCI_EN) == 0; i++) {
		arch_relax();
	}
}

void acpi_poweroff(void)
{
	const struct acpi_fadt *f = &acpi.fadt;

	if (!acpi.has_s5 || f->pm1a_control_port == 0) {
		return;
	}
	enable_acpi_mode();
	outw(f->pm1a_control_port, (u16)(PM1_SLP_TYP(acpi.s5.type_a) | PM1_SLP_EN));
	if (f->pm1b_control_port != 0) {
		outw(f->pm1b_control_port, (u16)(PM1_SLP_TYP(acpi.s5.type_b) | PM1_SLP_EN));
	}
}
