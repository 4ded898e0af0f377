// SPDX-License-Identifier: GPL-2.0-only
/* ACPI tables as far as tests need them: RSDP search, XSDT or RSDT, FADT fields, the S5 package.
 * ACPI 6.4 chapter 5. */
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

static bool sum_is_zero(const void *p, u32 n)
{
	const u8 *b = p;
	u8 sum = 0;

	for (u32 i = 0; i < n; i++) {
		sum = (u8)(sum + b[i]);
	}
	return sum == 0;
}

static const u8 *rsdp_scan(u64 from, u64 to)
{
	for (u64 a = from; a < to; a += 16) {
		const u8 *p = (const u8 *)(uintptr_t)a;
		if (memcmp(p, "RSD PTR ", 8) == 0 && sum_is_zero(p, 20)) {
			return p;
		}
	}
	return NULL;
}

static const u8 *rsdp_find(void)
{
	static const u8 *found;
	uintptr_t ebda_pointer = 0x40e;

	if (found == NULL) {
		/* Hidden from compilers that take low addresses for null pointers. */
		__asm__("" : "+r"(ebda_pointer));
		u64 ebda = (u64) * (const volatile u16 *)ebda_pointer << 4;
		found = ebda >= 0x80000 && ebda < 0xa0000 ? rsdp_scan(ebda, ebda + 1024) : NULL;
	}
	if (found == NULL) {
		found = rsdp_scan(0xe0000, 0x100000);
	}
	return found;
}

static const struct acpi_header *check(u64 address, const char *signature)
{
	const struct acpi_header *h = (const struct acpi_header *)(uintptr_t)address;

	if (memcmp(h->signature, signature, 4) != 0 || !sum_is_zero(h, h->length)) {
		return NULL;
	}
	return h;
}

static const struct acpi_header *find_in_root(const struct acpi_header *root, u32 width,
					      const char *signature)
{
	const u8 *p = (const u8 *)(root + 1);
	const struct acpi_header *h = NULL;

	for (u32 n = (root->length - (u32)sizeof(*root)) / width; n > 0 && h == NULL; n--) {
		u64 address = 0;
		memcpy(&address, p, width);
		h = check(address, signature);
		p += width;
	}
	return h;
}

static u32 fadt_read32(u32 offset)
{
	const struct acpi_header *fadt = acpi_find("FACP");
	u32 v = 0;

	if (fadt != NULL && offset + 4 <= fadt->length) {
		memcpy(&v, (const u8 *)fadt + offset, 4);
	}
	return v;
}

const struct acpi_header *acpi_find(const char *signature)
{
	const u8 *rsdp = rsdp_find();
	u64 root = 0;

	if (rsdp == NULL) {
		return NULL;
	}
	if (memcmp(signature, "DSDT", 4) == 0) {
		u32 dsdt = fadt_read32(40);
		return dsdt != 0 ? check(dsdt, "DSDT") : NULL;
	}
	if (rsdp[15] >= 2) {
		memcpy(&root, rsdp + 24, 8);
	}
	if (root != 0) {
		return find_in_root((const struct acpi_header *)(uintptr_t)root, 8, signature);
	}
	memcpy(&root, rsdp + 16, 4);
	return find_in_root((const struct acpi_header *)(uintptr_t)root, 4, signature);
}

u32 acpi_pm_timer_port(void)
{
	return fadt_read32(76);
}

u32 acpi_pm1a_control_port(void)
{
	return fadt_read32(64);
}

/* Finds `Name (_S5_, Package ...)` in the DSDT's bytes: NameOp or scope, "_S5_", PackageOp, length,
 * count, value. */
int acpi_s5_type(void)
{
	const struct acpi_header *dsdt = acpi_find("DSDT");
	const u8 *p = (const u8 *)dsdt;

	for (u32 i = sizeof(*dsdt); dsdt != NULL && i + 12 < dsdt->length; i++) {
		if (memcmp(p + i, "_S5_", 4) != 0 || p[i + 4] != 0x12) {
			continue;
		}
		const u8 *q = p + i + 5;
		q += (*q >> 6) + 2; /* package length, element count */
		return *q == 0x0a ? q[1] : *q;
	}
	return -1;
}
