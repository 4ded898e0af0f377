// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/firmware: reads the tables back as an operating system does, from the anchors on, by the
 * offsets of the specifications (not by the structures of the code under test): signatures,
 * checksums, addresses, contents. And the memory map over many sizes.
 */
#include "tests/unit/unit.h"
#include "kernel/dev/vpm.h"
#include "kernel/firmware/firmware.h"

static u8 image[GUEST_BIOS_SIZE];
static struct firmware_result result;
static u32 ids[1024];

static struct firmware_params default_params(u32 vcpus, u64 memsize)
{
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
		ids[i] = i;
	}
	return (struct firmware_params){
		.memsize_bytes = memsize,
		.vcpu_count = vcpus,
		.apic_ids = ids,
		.ioapic_id = 7,
		.cpuid_signature = 0x000906ea,
		.cpuid_features = 0xbfebfbff,
		.cpu_mhz = 2400,
		.uuid = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
			 0xcc, 0xdd, 0xee, 0xff},
	};
}

static void build(const struct firmware_params *p)
{
	memset(image, 0xa5, sizeof(image));
	assert_int_equal(firmware_build(p, image, &result), 0);
}

/* Guest memory at `address`, `bytes` of which must lie in the image. */
static const u8 *at(u64 address, u64 bytes)
{
	assert_in_range(address, GUEST_BIOS_BASE, GUEST_BIOS_BASE + GUEST_BIOS_SIZE - bytes);
	return &image[address - GUEST_BIOS_BASE];
}

static u64 get(const u8 *p, u32 offset, u32 bytes)
{
	u64 value = 0;

	memcpy(&value, p + offset, bytes);
	return value;
}

static u8 sum(const u8 *p, u64 bytes)
{
	u8 s = 0;

	while (bytes-- > 0) {
		s = (u8)(s + *p++);
	}
	return s;
}

/* --- ACPI ------------------------------------------------------------------------------------- */

/* A table with a standard header, checked. */
static const u8 *table(u64 address, const char *signature)
{
	const u8 *t = at(address, 36);

	assert_memory_equal(t, signature, 4);
	assert_int_equal(sum(at(address, get(t, 4, 4)), get(t, 4, 4)), 0);
	return t;
}

static const u8 *find_rsdp(void)
{
	for (u32 offset = 0; offset < GUEST_BIOS_SIZE; offset += 16) {
		if (memcmp(&image[offset], "RSD PTR ", 8) == 0) {
			assert_int_equal(offset + GUEST_BIOS_BASE, result.rsdp.v);
			return &image[offset];
		}
	}
	fail_msg("no RSDP");
	return NULL;
}

/* Finds a table through the XSDT; the RSDT must agree. */
static const u8 *find_table(const char *signature)
{
	const u8 *rsdp = find_rsdp();
	const u8 *rsdt = table(get(rsdp, 16, 4), "RSDT"), *xsdt = table(get(rsdp, 24, 8), "XSDT");
	u64 count = (get(xsdt, 4, 4) - 36) / 8;

	assert_int_equal((get(rsdt, 4, 4) - 36) / 4, count);
	for (u32 i = 0; i < count; i++) {
		u64 address = get(xsdt, 36 + 8 * i, 8);

		assert_int_equal(get(rsdt, 36 + 4 * i, 4), address);
		if (memcmp(at(address, 4), signature, 4) == 0) {
			return table(address, signature);
		}
	}
	fail_msg("no %s", signature);
	return NULL;
}

static void rsdp_is_found_and_valid(void **state)
{
	struct firmware_params p = default_params(1, MIB(64));
	const u8 *rsdp;

	(void)state;
	build(&p);
	rsdp = find_rsdp();
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	assert_int_equal(rsdp[15], 2);
	assert_int_equal(get(rsdp, 20, 4), 36);
}

static void expect_gas(const u8 *gas, u8 bits, u64 port)
{
	assert_int_equal(gas[0], 1);
	assert_int_equal(gas[1], bits);
	assert_int_equal(gas[2], 0);
	assert_int_equal(get(gas, 4, 8), port);
}

static void fadt_describes_the_devices(void **state)
{
	struct firmware_params p = default_params(2, GIB(1));
	const u8 *fadt, *facs, *dsdt;
	u64 flags;

	(void)state;
	build(&p);
	fadt = find_table("FACP");
	assert_int_equal(get(fadt, 4, 4), 268);
	assert_int_equal(fadt[8], 5);
	assert_int_equal(get(fadt, 36, 4) % 64, 0);
	facs = at(get(fadt, 36, 4), 64);
	assert_memory_equal(facs, "FACS", 4);
	assert_int_equal(get(facs, 4, 4), 64);
	assert_int_equal(get(fadt, 132, 8), 0);
	assert_int_equal(get(fadt, 40, 4), get(fadt, 140, 8));
	dsdt = table(get(fadt, 40, 4), "DSDT");
	assert_int_equal(dsdt[8], 2);
	assert_int_equal(get(fadt, 46, 2), 9);
	assert_int_equal(get(fadt, 48, 4), 0); /* no SMI command port */
	assert_int_equal(get(fadt, 56, 4), 0x600);
	assert_int_equal(get(fadt, 64, 4), 0x604);
	assert_int_equal(get(fadt, 76, 4), 0x608);
	assert_int_equal(get(fadt, 60, 4) | get(fadt, 68, 4) | get(fadt, 72, 4), 0);
	assert_int_equal(get(fadt, 80, 8), 0);
	assert_int_equal(get(fadt, 88, 4), 0x04000204); /* lengths of the PM blocks */
	expect_gas(fadt + 148, 32, 0x600);
	expect_gas(fadt + 172, 16, 0x604);
	expect_gas(fadt + 208, 32, 0x608);
	expect_gas(fadt + 116, 8, 0xcf9);
	assert_int_equal(fadt[128] & 0x04, 0x04); /* the bit at which vreset resets */
	assert_int_equal(fadt[108], 0x32);
	assert_int_equal(get(fadt, 109, 2), 0x0005);
	flags = get(fadt, 112, 4);
	assert_int_equal(flags & 1, 1);	      /* WBINVD */
	assert_int_equal(flags >> 4 & 1, 0);  /* power button is fixed hardware */
	assert_int_equal(flags >> 8 & 1, 1);  /* 32-bit timer */
	assert_int_equal(flags >> 10 & 1, 1); /* reset register */
	assert_int_equal(flags >> 20 & 1, 0); /* not hardware-reduced */
}

/* The byte string must occur in the DSDT. */
static void expect_aml(const u8 *dsdt, const char *what, const void *bytes, u32 n)
{
	u64 length = get(dsdt, 4, 4);

	for (u64 i = 36; i + n <= length; i++) {
		if (memcmp(dsdt + i, bytes, n) == 0) {
			return;
		}
	}
	fail_msg("DSDT lacks %s", what);
}

static void dsdt_agrees_with_the_layout(void **state)
{
	struct firmware_params p = default_params(1, GIB(1));
	const u8 s5[] = {'_',  'S',	      '5', '_', 0x12, 0x08, 0x04, 0x0a, VPM_SLP_TYP_S5,
			 0x0a, VPM_SLP_TYP_S5};
	const u8 *dsdt;
	u32 window[2] = {GUEST_PCI_MMIO_BASE, GUEST_PCI_MMIO_END - 1};
	u32 slots = 0;
	/* I/O descriptors: tag, decode, minimum, maximum, alignment, length */
	const struct packed_struct {
		u8 tag, decode;
		u16 min, max;
		u8 align, length;
	} io[] = {
		{0x47, 1, GUEST_PORT_PIT, GUEST_PORT_PIT, 1, GUEST_PORT_PIT_COUNT},
		{0x47, 1, GUEST_PORT_RTC, GUEST_PORT_RTC, 1, GUEST_PORT_RTC_COUNT},
		{0x47, 1, GUEST_PORT_SYSTEM_B, GUEST_PORT_SYSTEM_B, 1, 1},
		{0x47, 1, GUEST_PORT_SYSTEM_A, GUEST_PORT_SYSTEM_A, 1, 1},
		{0x47, 1, GUEST_PORT_COM1, GUEST_PORT_COM1, 1, GUEST_PORT_UART_COUNT},
		{0x47, 1, GUEST_PORT_COM2, GUEST_PORT_COM2, 1, GUEST_PORT_UART_COUNT},
		{0x47, 1, GUEST_PORT_PIC1, GUEST_PORT_PIC1, 1, 2},
		{0x47, 1, GUEST_PORT_PIC2, GUEST_PORT_PIC2, 1, 2},
		{0x47, 1, GUEST_PORT_PCI_CONFIG, GUEST_PORT_PCI_CONFIG, 1, GUEST_PORT_PCI_COUNT},
		{0x47, 1, GUEST_PORT_PM, GUEST_PORT_PM, 1, GUEST_PORT_PM_COUNT},
	};

	(void)state;
	build(&p);
	dsdt = table(get(find_table("FACP"), 40, 4), "DSDT");
	expect_aml(dsdt, "S5", s5, sizeof(s5));
	expect_aml(dsdt, "PCI window", window, sizeof(window));
	for (u32 i = 0; i < ARRAY_SIZE(io); i++) {
		expect_aml(dsdt, "an I/O range", &io[i], sizeof(io[i]));
	}
	for (u32 slot = 0; slot < 32; slot++) {
		for (u8 pin = 0; pin < 4; pin++) {
			/* DWord address; pin as ZeroOp, OneOp or byte; source zero; GSI as byte */
			u8 address[5] = {0x0c, 0xff, 0xff, (u8)slot, 0};
			u8 entry[5 + 2 + 1 + 2];
			u8 gsi = (u8)(GUEST_GSI_PCI + ((slot + pin) & 3)), n = 0;
			/* slot 0's address is WordConst FFFF */
			const u8 word[3] = {0x0b, 0xff, 0xff};

			memcpy(entry, slot == 0 ? word : address, slot == 0 ? 3 : 5);
			n = slot == 0 ? 3 : 5;
			if (pin > 1) {
				entry[n++] = 0x0a;
			}
			entry[n++] = pin;
			entry[n++] = 0;
			entry[n++] = 0x0a;
			entry[n++] = gsi;
			expect_aml(dsdt, "a _PRT entry", entry, n);
			slots++;
		}
	}
	assert_int_equal(slots, 128);
}

struct madt_seen {
	u32 lapics, x2apics, ioapics, overrides, nmis, x2nmis;
	u32 apic_id[1024];
};

static void read_madt(struct madt_seen *seen)
{
	const u8 *madt = find_table("APIC");
	u64 length = get(madt, 4, 4), offset = 44;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(get(madt, 36, 4), 0xfee00000);
	assert_int_equal(get(madt, 40, 4), 1);
	while (offset < length) {
		const u8 *e = madt + offset;
		static const u8 lengths[] = {8, 12, 10, 0, 6, 0, 0, 0, 0, 16, 12};

		assert_in_range(e[0], 0, 10);
		assert_int_equal(e[1], lengths[e[0]]);
		switch (e[0]) {
		case 0:
			assert_int_equal(get(e, 4, 4), 1);
			assert_int_equal(e[2], seen->lapics + seen->x2apics);
			seen->apic_id[seen->lapics++ + seen->x2apics] = e[3];
			break;
		case 1:
			assert_int_equal(e[2], 7);
			assert_int_equal(get(e, 4, 4), 0xfec00000);
			assert_int_equal(get(e, 8, 4), 0);
			seen->ioapics++;
			break;
		case 2:
			assert_int_equal(e[2], 0);
			assert_int_equal(e[3], seen->overrides == 0 ? 0 : 9);
			assert_int_equal(get(e, 4, 4), seen->overrides == 0 ? 2 : 9);
			assert_int_equal(get(e, 8, 2), seen->overrides == 0 ? 0 : 0xd);
			seen->overrides++;
			break;
		case 4:
			assert_int_equal(e[2], 0xff);
			assert_int_equal(e[5], 1);
			seen->nmis++;
			break;
		case 9:
			assert_int_equal(get(e, 8, 4), 1);
			assert_int_equal(get(e, 12, 4), seen->lapics + seen->x2apics);
			assert_true(get(e, 4, 4) >= 255);
			seen->apic_id[seen->lapics + seen->x2apics++] = (u32)get(e, 4, 4);
			break;
		default:
			assert_int_equal(get(e, 4, 4), 0xffffffff);
			assert_int_equal(e[8], 1);
			seen->x2nmis++;
			break;
		}
		offset += e[1];
	}
	assert_int_equal(offset, length);
}

static void madt_lists_every_vcpu(void **state)
{
	static const u32 counts[] = {1, 2, 8, 32, 254, 255, 256, 1024};
	static struct madt_seen seen;

	(void)state;
	for (u32 c = 0; c < ARRAY_SIZE(counts); c++) {
		struct firmware_params p = default_params(counts[c], GIB(1));

		build(&p);
		read_madt(&seen);
		assert_int_equal(seen.lapics, MIN(counts[c], 255u));
		assert_int_equal(seen.lapics + seen.x2apics, counts[c]);
		assert_int_equal(seen.ioapics, 1);
		assert_int_equal(seen.overrides, 2);
		assert_int_equal(seen.nmis, 1);
		assert_int_equal(seen.x2nmis, 1);
		for (u32 i = 0; i < counts[c]; i++) {
			assert_int_equal(seen.apic_id[i], i);
		}
	}
}

static void sparse_apic_ids_are_kept(void **state)
{
	static struct madt_seen seen;
	struct firmware_params p = default_params(4, GIB(1));

	(void)state;
	ids[1] = 254;
	ids[2] = 255;
	ids[3] = 0x12345678;
	build(&p);
	read_madt(&seen);
	assert_int_equal(seen.lapics, 2);
	assert_int_equal(seen.x2apics, 2);
	assert_memory_equal(seen.apic_id, ids, 4 * sizeof(ids[0]));
}

/* --- SMBIOS ----------------------------------------------------------------------------------- */

/* String `number` of a structure. */
static const char *smbios_string(const u8 *s, u8 number)
{
	const char *text = (const char *)s + s[1];

	if (number == 0) {
		return "";
	}
	while (--number > 0) {
		assert_int_not_equal(*text, '\0');
		text += strlen(text) + 1;
	}
	return text;
}

static const u8 *smbios_next(const u8 *s)
{
	const u8 *p = s + s[1];

	while (p[0] != 0 || p[1] != 0) {
		p++;
	}
	return p + 2;
}

/* The `number`th structure of a type, or NULL. Checks both entry points on the way. */
static const u8 *smbios_find(u8 type, u32 number)
{
	const u8 *e = at(result.smbios.v, 31), *e3 = at(result.smbios3.v, 24), *s, *end;
	u32 count = 0, longest = 0;
	const u8 *found = NULL;

	assert_true(result.smbios.v >= 0xf0000 && result.smbios.v % 16 == 0);
	assert_true(result.smbios3.v >= 0xf0000 && result.smbios3.v % 16 == 0);
	assert_memory_equal(e, "_SM_", 4);
	assert_memory_equal(e + 16, "_DMI_", 5);
	assert_int_equal(e[5], 31);
	assert_int_equal(sum(e, 31), 0);
	assert_int_equal(sum(e + 16, 15), 0);
	assert_memory_equal(e3, "_SM3_", 5);
	assert_int_equal(e3[6], 24);
	assert_int_equal(sum(e3, 24), 0);
	assert_int_equal(get(e, 24, 4), get(e3, 16, 8));
	assert_int_equal(get(e, 22, 2), get(e3, 12, 4));
	s = at(get(e, 24, 4), get(e, 22, 2));
	for (end = s + get(e, 22, 2); s < end; s = smbios_next(s)) {
		count++;
		longest = MAX(longest, (u32)(smbios_next(s) - s));
		if (s[0] == type && number-- == 0) {
			found = s;
		}
		assert_true((s[0] == 127) == (smbios_next(s) == end));
	}
	assert_ptr_equal(s, end);
	assert_int_equal(get(e, 28, 2), count);
	assert_int_equal(get(e, 8, 2), longest);
	return found;
}

static void smbios_names_the_machine(void **state)
{
	static const u8 uuid[] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
				  0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct firmware_params p = default_params(3, GIB(2));
	const u8 *s;

	(void)state;
	build(&p);
	s = smbios_find(0, 0);
	assert_string_equal(smbios_string(s, s[4]), "Evenkeel");
	assert_int_equal(get(s, 6, 2) << 4, GUEST_BIOS_BASE);
	assert_int_equal((s[9] + 1) * 65536, GUEST_BIOS_SIZE);
	assert_int_equal(s[0x13] & 0x10, 0x10); /* virtual machine */
	s = smbios_find(1, 0);
	assert_string_equal(smbios_string(s, s[4]), "Evenkeel");
	assert_string_equal(smbios_string(s, s[5]), "Evenkeel virtual machine");
	assert_string_equal(smbios_string(s, s[7]), "");
	assert_memory_equal(s + 8, uuid, 16);
	s = smbios_find(4, 0);
	assert_int_equal(get(s, 8, 4), 0x000906ea);
	assert_int_equal(s[0x23], 3);
	assert_int_equal(get(s, 0x2a, 2), 3);
	assert_non_null(smbios_find(3, 0));
	assert_non_null(smbios_find(32, 0));
	assert_non_null(smbios_find(127, 0));

	p.manufacturer = "VMware, Inc.";
	p.product = "VMware Virtual Platform";
	p.serial = "VMware-42 3a";
	p.version = "";
	p.cpu_name = "a processor whose name is longer than any that is printed on a lid, cut";
	build(&p);
	s = smbios_find(1, 0);
	assert_string_equal(smbios_string(s, s[4]), "VMware, Inc.");
	assert_string_equal(smbios_string(s, s[5]), "VMware Virtual Platform");
	assert_string_equal(smbios_string(s, s[6]), "");
	assert_string_equal(smbios_string(s, s[7]), "VMware-42 3a");
	s = smbios_find(4, 0);
	assert_int_equal(strlen(smbios_string(s, s[0x10])), 63);
}

static void smbios_counts_the_memory(void **state)
{
	static const u64 sizes[] = {MIB(2),  MIB(512), GIB(3),	  GIB(3) + MIB(1), GIB(31),
				    GIB(32), GIB(64),  GIB(2048), GIB(8192)};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct firmware_params p = default_params(1, sizes[i]);
		u64 mapped = 0, mib;
		const u8 *s;

		build(&p);
		s = smbios_find(17, 0);
		mib = get(s, 0x0c, 2) == 0x7fff ? get(s, 0x1c, 4) : get(s, 0x0c, 2);
		assert_int_equal(mib, sizes[i] / MIB(1));
		for (u32 n = 0; (s = smbios_find(19, n)) != NULL; n++) {
			bool extended = get(s, 4, 4) == 0xffffffff;
			u64 start = extended ? get(s, 0x0f, 8) : get(s, 4, 4) * 1024;
			u64 last = extended ? get(s, 0x17, 8) : get(s, 8, 4) * 1024 + 1023;

			assert_int_equal(start, n == 0 ? 0 : GIB(4));
			assert_true(last > start);
			assert_int_equal(get(s, 2, 2), 19 << 8 | n); /* handle */
			mapped += last + 1 - start;
		}
		assert_int_equal(mapped, sizes[i]);
		s = smbios_find(16, 0);
		mib = get(s, 7, 4) == 0x80000000 ? get(s, 0x0f, 8) / MIB(1) : get(s, 7, 4) / 1024;
		assert_int_equal(mib, sizes[i] / MIB(1));
	}
}

static void bad_parameters_are_refused(void **state)
{
	struct firmware_params p = default_params(0, GIB(1));

	(void)state;
	assert_int_equal(firmware_build(&p, image, &result), ERR_RANGE);
	p.vcpu_count = 1025;
	assert_int_equal(firmware_build(&p, image, &result), ERR_RANGE);
	p.vcpu_count = 1;
	p.memsize_bytes = MIB(1);
	assert_int_equal(firmware_build(&p, image, &result), ERR_RANGE);
	p.memsize_bytes = 1ull << 50;
	assert_int_equal(firmware_build(&p, image, &result), ERR_RANGE);
	p.memsize_bytes = MIB(2);
	assert_int_equal(firmware_build(&p, image, &result), 0);
	assert_in_range(result.used_bytes, 1000, GUEST_BIOS_SIZE);
}

/* --- BIOS data area and memory map ------------------------------------------------------------ */

static void bda_points_to_the_ebda(void **state)
{
	u8 bda[FIRMWARE_BDA_SIZE];

	(void)state;
	memset(bda, 0xa5, sizeof(bda));
	firmware_build_bda(bda);
	assert_int_equal(get(bda, 0, 2), 0x3f8);
	assert_int_equal(get(bda, 2, 2), 0x2f8);
	assert_int_equal(get(bda, 4, 4), 0);
	assert_int_equal(get(bda, 0x0e, 2) << 4, GUEST_EBDA_BASE);
	assert_int_equal(get(bda, 0x10, 2) >> 9 & 7, 2); /* serial ports */
	assert_int_equal(get(bda, 0x13, 2), 639);
}

static void memory_map_covers_the_memory(void **state)
{
	static const u64 sizes[] = {MIB(2), MIB(16),	   MIB(512), GIB(3) - 4096,
				    GIB(3), GIB(3) + 4096, GIB(4),   GIB(100)};

	(void)state;
	assert_int_equal(sizeof(struct e820_entry), 20);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct e820_entry map[FIRMWARE_E820_MAX];
		u32 count = firmware_build_e820(sizes[i], map);
		u64 ram = 0, end = 0;

		assert_in_range(count, 1, FIRMWARE_E820_MAX);
		for (u32 n = 0; n < count; n++) {
			assert_true(map[n].base >= end);
			assert_true(map[n].size_bytes > 0);
			end = map[n].base + map[n].size_bytes;
			if (map[n].type != E820_RAM) {
				continue;
			}
			ram += map[n].size_bytes;
			assert_int_equal((map[n].base | map[n].size_bytes) % 1024, 0);
			assert_true(end <= GUEST_PCI_MMIO_BASE || map[n].base >= GIB(4));
			assert_true(end <= 0x9fc00 || map[n].base >= MIB(1));
		}
		/* all but what the first MiB does not give */
		assert_int_equal(ram, sizes[i] - MIB(1) + 0x9fc00);
		assert_int_equal(end, sizes[i] > GIB(3) ? sizes[i] + GIB(1) : sizes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsdp_is_found_and_valid),
		cmocka_unit_test(fadt_describes_the_devices),
		cmocka_unit_test(dsdt_agrees_with_the_layout),
		cmocka_unit_test(madt_lists_every_vcpu),
		cmocka_unit_test(sparse_apic_ids_are_kept),
		cmocka_unit_test(smbios_names_the_machine),
		cmocka_unit_test(smbios_counts_the_memory),
		cmocka_unit_test(bad_parameters_are_refused),
		cmocka_unit_test(bda_points_to_the_ebda),
		cmocka_unit_test(memory_map_covers_the_memory),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
