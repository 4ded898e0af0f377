/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the machine's ACPI tables say, read once at start-up and constant afterwards; and the two
 * things done with ACPI later: reset and power-off. No AML interpreter.
 */
#ifndef ARCH_X86_ACPI_H
#define ARCH_X86_ACPI_H

#include "arch/x86/acpi_tables.h"
#include "boot/boot_info.h"

struct acpi_info {
	bool has_madt, has_fadt, has_s5, has_hpet, has_mcfg, has_srat;
	struct acpi_madt madt;
	struct acpi_fadt fadt;
	struct acpi_s5 s5;
	hpa_t hpet_base;
	struct acpi_mcfg mcfg;
	struct acpi_srat srat;
};

/* Finds and reads all tables; logs one line. Bootstrap pCPU, final page tables. */
void acpi_init(const struct boot_info *info);

const struct acpi_info *acpi_get(void);

/* Try to reset / power off the machine; return where the tables offer no way. */
void acpi_reset(void);
void acpi_poweroff(void);

#endif
