// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's ACPI tables: RSDP, RSDT, XSDT, FADT, FACS, MADT, and the DSDT compiled from dsdt.asl.
 * Source: ACPI specification 6.4, section 5.2. Revisions are those of ACPI 5.0, which every kernel
 * in use knows.
 */
#include "kernel/firmware/firmware_priv.h"

#include "kernel/dev/vpm.h"
#include "kernel/lib/string.h"

/* --- layouts ---------------------------------------------------------------------------------- */

struct packed_struct acpi_rsdp {
	char signature[8];
	u8 checksum; /* of the first 20 bytes */
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
};
static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");

struct packed_struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision;
	u8 checksum;
	char oem_id[6];
	char oem_table_id[8];
	u32 oem_revision;
	char creator_id[4];
	u32 creator_revision;
};
static_assert(sizeof(struct acpi_header) == 36, "ACPI table header");

/* Generic address structure, 5.2.3.2. */
struct packed_struct acpi_gas {
	u8 space;
	u8 bit_width;
	u8 bit_offset;
	u8 access;
	u64 address;
};

#define GAS_IO	      1
#define GAS_ACCESS_8  1
#define GAS_ACCESS_16 2
#define GAS_ACCESS_32 3

struct packed_struct acpi_fadt {
	struct acpi_header header;
	u32 facs;
	u32 dsdt;
	u8 reserved0;
	u8 pm_profile;
	u16 sci_int;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	u32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	u8 pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len, gpe1_base,
		cst_cnt;
	u16 p_lvl2_lat, p_lvl3_lat, flush_size, flush_stride;
	u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	u16 boot_arch;
	u8 reserved1;
	u32 flags;
	struct acpi_gas reset_reg;
	u8 reset_value;
	u16 arm_boot_arch;
	u8 minor_revision;
	u64 x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0,
		x_gpe1;
	struct acpi_gas sleep_control, sleep_status;
};
static_assert(sizeof(struct acpi_fadt) == 268, "FADT of ACPI 5.0");
assert_offset(struct acpi_fadt, sci_int, 46);
assert_offset(struct acpi_fadt, pm1a_evt, 56);
assert_offset(struct acpi_fadt, pm1_evt_len, 88);
assert_offset(struct acpi_fadt, century, 108);
assert_offset(struct acpi_fadt, boot_arch, 109);
assert_offset(struct acpi_fadt, flags, 112);
assert_offset(struct acpi_fadt, reset_reg, 116);
assert_offset(struct acpi_fadt, x_dsdt, 140);
assert_offset(struct acpi_fadt, x_pm_tmr, 208);

/* Table 5.9: fixed feature flags. Power button: fixed hardware (bit 4 clear). */
#define FADT_WBINVD	    BIT(0)
#define FADT_PROC_C1	    BIT(2)
#define FADT_NO_SLP_BUTTON  BIT(5)
#define FADT_NO_FIX_RTC	    BIT(6)
#define FADT_TMR_VAL_EXT    BIT(8)
#define FADT_RESET_REG	    BIT(10)

/* Table 5.11: no 8042 (bit 1 clear): nobody is attached to it, and kernels that are told so do not
 * probe. */
#define BOOT_LEGACY_DEVICES BIT(0)
#define BOOT_NO_VGA	    BIT(2)

#define NO_C2_LATENCY	    101
#define NO_C3_LATENCY	    1001
#define RTC_CENTURY	    0x32
#define RESET_VALUE	    0x0e /* full reset through GUEST_PORT_RESET */

struct packed_struct acpi_facs {
	char signature[4];
	u32 length;
	u32 hardware_signature;
	u32 waking_vector;
	u32 global_lock;
	u32 flags;
	u64 x_waking_vector;
	u8 version;
	u8 reserved[31];
};
static_assert(sizeof(struct acpi_facs) == 64, "FACS");

struct packed_struct acpi_madt {
	struct acpi_header header;
	u32 lapic_address;
	u32 flags;
};

#define MADT_PCAT_COMPAT 1u

struct packed_struct madt_lapic { /* type 0 */
	u8 type, length;
	u8 uid;
	u8 apic_id;
	u32 flags;
};

struct packed_struct madt_ioapic { /* type 1 */
	u8 type, length;
	u8 id;
	u8 reserved;
	u32 address;
	u32 gsi_base;
};

struct packed_struct madt_override { /* type 2 */
	u8 type, length;
	u8 bus;
	u8 source;
	u32 gsi;
	u16 flags;
};

struct packed_struct madt_lapic_nmi { /* type 4 */
	u8 type, length;
	u8 uid;
	u16 flags;
	u8 lint;
};

struct packed_struct madt_x2apic { /* type 9 */
	u8 type, length;
	u16 reserved;
	u32 apic_id;
	u32 flags;
	u32 uid;
};

struct packed_struct madt_x2apic_nmi { /* type 10 */
	u8 type, length;
	u16 flags;
	u32 uid;
	u8 lint;
	u8 reserved[3];
};

#define MADT_ENABLED	       1u
/* MPS INTI flags, table 5.23. */
#define INTI_ISA_DEFAULT       0x0
#define INTI_ACTIVE_HIGH_EDGE  0x5
#define INTI_ACTIVE_HIGH_LEVEL 0xd
#define NMI_LINT	       1
/* Ids from here on do not fit into a LAPIC entry: 255 is the broadcast. */
#define X2APIC_FIRST	       255u

static const u8 dsdt_aml[] = {
#include "kernel/firmware/dsdt_aml.inc"
};

/* --- building --------------------------------------------------------------------------------- */

static void header_fill(struct acpi_header *h, const char *signature, u32 length, u8 revision)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = length;
	h->revision = revision;
	memcpy(h->oem_id, "EVENKL", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "EVENKEEL", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "EVKL", sizeof(h->creator_id));
	h->creator_revision = 1;
}

static void header_seal(struct acpi_header *h)
{
	h->checksum = 0;
	h->checksum = area_checksum(h, h->length);
}

static struct acpi_gas gas_io(u32 port, u8 bits, u8 access)
{
	return (struct acpi_gas){GAS_IO, bits, 0, access, port};
}

static struct acpi_facs *build_facs(struct area *a)
{
	struct acpi_facs *facs = (void *)area_alloc(a, sizeof(*facs), 64);

	if (facs != NULL) {
		memcpy(facs->signature, "FACS", sizeof(facs->signature));
		facs->length = sizeof(*facs);
		facs->version = 2;
	}
	return facs;
}

static u8 *build_dsdt(struct area *a)
{
	u8 *dsdt = area_alloc(a, sizeof(dsdt_aml), 16);

	if (dsdt != NULL) {
		memcpy(dsdt, dsdt_aml, sizeof(dsdt_aml)); /* the compiler made its checksum */
	}
	return dsdt;
}

static void fill_pm_blocks(struct acpi_fadt *fadt)
{
	fadt->pm1a_evt = GUEST_PORT_PM;
	fadt->pm1a_cnt = GUEST_PORT_PM + 4;
	fadt->pm_tmr = GUEST_PORT_PM + 8;
	fadt->pm1_evt_len = 4;
	fadt->pm1_cnt_len = 2;
	fadt->pm_tmr_len = 4;
	fadt->x_pm1a_evt = gas_io(fadt->pm1a_evt, 32, GAS_ACCESS_16);
	fadt->x_pm1a_cnt = gas_io(fadt->pm1a_cnt, 16, GAS_ACCESS_16);
	fadt->x_pm_tmr = gas_io(fadt->pm_tmr, 32, GAS_ACCESS_32);
}

static struct acpi_header *build_fadt(struct area *a, u32 facs, u32 dsdt)
{
	struct acpi_fadt *fadt = (void *)area_alloc(a, sizeof(*fadt), 16);

	if (fadt == NULL) {
		return NULL;
	}
	header_fill(&fadt->header, "FACP", sizeof(*fadt), 5);
	fadt->facs = facs; /* x_facs stays 0: only one of them may be set */
	fadt->dsdt = dsdt;
	fadt->x_dsdt = dsdt;
	fadt->sci_int = GUEST_IRQ_SCI;
	fill_pm_blocks(fadt);
	fadt->p_lvl2_lat = NO_C2_LATENCY;
	fadt->p_lvl3_lat = NO_C3_LATENCY;
	fadt->century = RTC_CENTURY;
	fadt->boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA;
	fadt->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLP_BUTTON | FADT_NO_FIX_RTC |
		      FADT_TMR_VAL_EXT | FADT_RESET_REG;
	fadt->reset_reg = gas_io(GUEST_PORT_RESET, 8, GAS_ACCESS_8);
	fadt->reset_value = RESET_VALUE;
	header_seal(&fadt->header);
	return &fadt->header;
}

/* Appends one MADT entry behind what is there; entries need no alignment. */
static int madt_add(struct area *a, const void *entry, u8 length)
{
	u8 *at = area_alloc(a, length, 1);

	if (at == NULL) {
		return ERR_LIMIT;
	}
	memcpy(at, entry, length);
	return 0;
}

static int madt_add_cpu(struct area *a, u32 index, u32 apic_id)
{
	if (apic_id >= X2APIC_FIRST || index >= X2APIC_FIRST) {
		struct madt_x2apic e = {9, sizeof(e), 0, apic_id, MADT_ENABLED, index};

		return madt_add(a, &e, sizeof(e));
	}
	struct madt_lapic e = {0, sizeof(e), (u8)index, (u8)apic_id, MADT_ENABLED};

	return madt_add(a, &e, sizeof(e));
}

static int madt_add_interrupts(struct area *a, u8 ioapic_id)
{
	struct madt_ioapic ioapic = {1, sizeof(ioapic), ioapic_id, 0, GUEST_IOAPIC_BASE, 0};
	struct madt_override pit = {
		2, sizeof(pit), 0, GUEST_IRQ_PIT, GUEST_GSI_PIT, INTI_ISA_DEFAULT};
	struct madt_override sci = {
		2, sizeof(sci), 0, GUEST_IRQ_SCI, GUEST_IRQ_SCI, INTI_ACTIVE_HIGH_LEVEL};
	struct madt_lapic_nmi nmi = {4, sizeof(nmi), UINT8_MAX, INTI_ACTIVE_HIGH_EDGE, NMI_LINT};
	struct madt_x2apic_nmi x2nmi = {10,	    sizeof(x2nmi), INTI_ACTIVE_HIGH_EDGE,
					UINT32_MAX, NMI_LINT,	   {0}};
	int err = madt_add(a, &ioapic, sizeof(ioapic));

	err = err != 0 ? err : madt_add(a, &pit, sizeof(pit));
	err = err != 0 ? err : madt_add(a, &sci, sizeof(sci));
	err = err != 0 ? err : madt_add(a, &nmi, sizeof(nmi));
	return err != 0 ? err : madt_add(a, &x2nmi, sizeof(x2nmi));
}

static struct acpi_header *build_madt(struct area *a, const struct firmware_params *p)
{
	struct acpi_madt *madt = (void *)area_alloc(a, sizeof(*madt), 16);

	if (madt == NULL) {
		return NULL;
	}
	for (u32 i = 0; i < p->vcpu_count; i++) {
		if (madt_add_cpu(a, i, p->apic_ids[i]) != 0) {
			return NULL;
		}
	}
	if (madt_add_interrupts(a, p->ioapic_id) != 0) {
		return NULL;
	}
	header_fill(&madt->header, "APIC", a->base + a->used - area_address(a, madt), 3);
	madt->lapic_address = GUEST_LAPIC_BASE;
	madt->flags = MADT_PCAT_COMPAT;
	header_seal(&madt->header);
	return &madt->header;
}

/* RSDT (entry_bytes 4) or XSDT (8): addresses of the tables. */
static struct acpi_header *build_root(struct area *a, const char *signature, u32 entry_bytes,
				      const u64 *tables, u32 count)
{
	u32 length = (u32)sizeof(struct acpi_header) + count * entry_bytes;
	struct acpi_header *root = (void *)area_alloc(a, length, 16);

	if (root == NULL) {
		return NULL;
	}
	header_fill(root, signature, length, 1);
	for (u32 i = 0; i < count; i++) {
		memcpy((u8 *)(root + 1) + i * entry_bytes, &tables[i], entry_bytes);
	}
	header_seal(root);
	return root;
}

static void fill_rsdp(struct acpi_rsdp *rsdp, u32 rsdt, u32 xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "EVENKL", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->rsdt = rsdt;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	rsdp->checksum = area_checksum(rsdp, offsetof(struct acpi_rsdp, length));
	rsdp->extended_checksum = area_checksum(rsdp, sizeof(*rsdp));
}

int acpi_build(const struct firmware_params *p, struct area *a, struct firmware_result *result)
{
	struct acpi_rsdp *rsdp = (void *)area_alloc(a, sizeof(*rsdp), 16);
	struct acpi_facs *facs = build_facs(a);
	u8 *dsdt = build_dsdt(a);
	struct acpi_header *fadt, *madt, *rsdt, *xsdt;
	u64 tables[2];

	if (rsdp == NULL || facs == NULL || dsdt == NULL) {
		return ERR_LIMIT;
	}
	fadt = build_fadt(a, area_address(a, facs), area_address(a, dsdt));
	madt = build_madt(a, p);
	if (fadt == NULL || madt == NULL) {
		return ERR_LIMIT;
	}
	tables[0] = area_address(a, fadt);
	tables[1] = area_address(a, madt);
	rsdt = build_root(a, "RSDT", sizeof(u32), tables, ARRAY_SIZE(tables));
	xsdt = build_root(a, "XSDT", sizeof(u64), tables, ARRAY_SIZE(tables));
	if (rsdt == NULL || xsdt == NULL) {
		return ERR_LIMIT;
	}
	fill_rsdp(rsdp, area_address(a, rsdt), area_address(a, xsdt));
	result->rsdp = gpa(area_address(a, rsdp));
	return 0;
}
