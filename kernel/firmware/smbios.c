// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's SMBIOS structures with both entry points: 2.8 for kernels of all ages, 3.0 beside it.
 * Source: DMTF DSP0134 3.0.0. One socket with as many cores as the VM has vCPUs.
 */
#include "kernel/firmware/firmware_priv.h"

#include "kernel/lib/string.h"

enum smbios_type {
	TYPE_BIOS = 0,
	TYPE_SYSTEM = 1,
	TYPE_CHASSIS = 3,
	TYPE_PROCESSOR = 4,
	TYPE_MEMORY_ARRAY = 16,
	TYPE_MEMORY_DEVICE = 17,
	TYPE_MEMORY_MAPPED = 19,
	TYPE_BOOT = 32,
	TYPE_END = 127,
};

/* A structure's handle is its type * 256 + its number among those. */
#define HANDLE(type)  ((u16)((type) << 8))
#define HANDLE_NONE   0xfffe
#define NO_CACHE      0xffff

#define STRING_MAX    63u
#define STRINGS_MAX   6u
#define FORMATTED_MAX 0x40u

/* --- one structure ---------------------------------------------------------------------------- */

/* Formatted part and strings, before they are put into the table. */
struct record {
	u8 bytes[FORMATTED_MAX];
	const char *strings[STRINGS_MAX];
	u8 string_count;
};

static void put(struct record *r, u8 offset, u64 value, u8 bytes)
{
	memcpy(&r->bytes[offset], &value, bytes);
}

/* A string reference: the string's number, or 0 for none. */
static void put_string(struct record *r, u8 offset, const char *s)
{
	if (s != NULL && s[0] != '\0') {
		r->strings[r->string_count++] = s;
		r->bytes[offset] = r->string_count;
	}
}

static struct record record_begin(enum smbios_type type, u8 length, u8 number)
{
	struct record r = {.string_count = 0};

	put(&r, 0, type, 1);
	put(&r, 1, length, 1);
	put(&r, 2, (u64)HANDLE(type) + number, 2);
	return r;
}

/* The table under construction; `full` once something did not fit. */
struct table {
	struct area *area;
	u16 count;
	u16 longest;
	bool full;
};

static void record_end(struct table *t, const struct record *r)
{
	u32 length = r->bytes[1], bytes = length + 1;
	u8 *at;

	for (u8 i = 0; i < r->string_count; i++) {
		bytes += (u32)strnlen(r->strings[i], STRING_MAX) + 1;
	}
	bytes += r->string_count == 0 ? 1 : 0;
	at = area_alloc(t->area, bytes, 1);
	if (at == NULL) {
		t->full = true;
		return;
	}
	memcpy(at, r->bytes, length);
	at += length;
	for (u8 i = 0; i < r->string_count; i++) {
		u32 n = (u32)strnlen(r->strings[i], STRING_MAX);

		memcpy(at, r->strings[i], n);
		at += n + 1; /* the area is zeroed */
	}
	t->count++;
	t->longest = (u16)MAX((u32)t->longest, bytes);
}

/* --- the structures; offsets are those of DSP0134, section 7 ---------------------------------- */

static const char *or_default(const char *s, const char *otherwise)
{
	return s != NULL ? s : otherwise;
}

static const char manufacturer[] = "Evenkeel";

static void add_bios(struct table *t, const struct firmware_params *p)
{
	struct record r = record_begin(TYPE_BIOS, 0x18, 0);

	put_string(&r, 0x04, manufacturer);
	put_string(&r, 0x05, or_default(p->version, "1.0"));
	put(&r, 0x06, GUEST_BIOS_BASE >> 4, 2);
	put_string(&r, 0x08, "01/01/2026"); /* some kernels distrust ACPI and PCI before 2001 */
	put(&r, 0x09, GUEST_BIOS_SIZE / 0x10000 - 1, 1);
	put(&r, 0x0a, BIT(7), 8);     /* PCI is supported */
	put(&r, 0x12, 0x01, 1);	      /* ACPI is supported */
	put(&r, 0x13, 0x10, 1);	      /* describes a virtual machine */
	put(&r, 0x14, 0xffffffff, 4); /* releases of BIOS and controller: not given */
	record_end(t, &r);
}

static void add_system(struct table *t, const struct firmware_params *p)
{
	/* The first three fields of a UUID are little-endian here (DSP0134 7.2.1). */
	static const u8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	struct record r = record_begin(TYPE_SYSTEM, 0x1b, 0);

	put_string(&r, 0x04, or_default(p->manufacturer, manufacturer));
	put_string(&r, 0x05, or_default(p->product, "Evenkeel virtual machine"));
	put_string(&r, 0x06, or_default(p->version, "1.0"));
	put_string(&r, 0x07, p->serial);
	for (u8 i = 0; i < sizeof(order); i++) {
		r.bytes[0x08 + i] = p->uuid[order[i]];
	}
	put(&r, 0x18, 6, 1); /* woken by the power switch */
	record_end(t, &r);
}

static void add_chassis(struct table *t, const struct firmware_params *p)
{
	struct record r = record_begin(TYPE_CHASSIS, 0x16, 0);

	put_string(&r, 0x04, manufacturer);
	put(&r, 0x05, 1, 1); /* other */
	put_string(&r, 0x06, or_default(p->version, "1.0"));
	put_string(&r, 0x07, p->serial);
	put(&r, 0x09, 0x02030303, 4); /* states: safe, safe, safe; security unknown */
	record_end(t, &r);
}

static void add_processor(struct table *t, const struct firmware_params *p)
{
	struct record r = record_begin(TYPE_PROCESSOR, 0x30, 0);
	u8 short_count = (u8)MIN(p->vcpu_count, 255u);

	put_string(&r, 0x04, "CPU 0");
	put(&r, 0x05, 3, 1); /* central processor */
	put(&r, 0x06, 1, 1); /* family: other */
	put_string(&r, 0x07, manufacturer);
	put(&r, 0x08, p->cpuid_signature, 4);
	put(&r, 0x0c, p->cpuid_features, 4);
	put_string(&r, 0x10, or_default(p->cpu_name, "Virtual CPU"));
	put(&r, 0x14, p->cpu_mhz, 2);
	put(&r, 0x16, p->cpu_mhz, 2);
	put(&r, 0x18, 0x41, 1); /* socket populated, CPU enabled */
	put(&r, 0x19, 1, 1);	/* upgrade: other */
	put(&r, 0x1a, NO_CACHE, 2);
	put(&r, 0x1c, NO_CACHE, 2);
	put(&r, 0x1e, NO_CACHE, 2);
	put(&r, 0x23, short_count, 1); /* cores, enabled cores, threads */
	put(&r, 0x24, short_count, 1);
	put(&r, 0x25, short_count, 1);
	put(&r, 0x26, 0x0c, 2); /* 64-bit, multi-core */
	put(&r, 0x28, 1, 2);	/* family 2: other */
	put(&r, 0x2a, p->vcpu_count, 2);
	put(&r, 0x2c, p->vcpu_count, 2);
	put(&r, 0x2e, p->vcpu_count, 2);
	record_end(t, &r);
}

static void add_memory_array(struct table *t, const struct firmware_params *p)
{
	struct record r = record_begin(TYPE_MEMORY_ARRAY, 0x17, 0);
	u64 kib = p->memsize_bytes / KIB(1);

	put(&r, 0x04, 3, 1); /* system board */
	put(&r, 0x05, 3, 1); /* system memory */
	put(&r, 0x06, 3, 1); /* no error correction */
	put(&r, 0x07, MIN(kib, 0x80000000ull), 4);
	put(&r, 0x0b, HANDLE_NONE, 2);
	put(&r, 0x0d, 1, 2);
	if (kib >= 0x80000000ull) {
		put(&r, 0x0f, p->memsize_bytes, 8);
	}
	record_end(t, &r);
}

static void add_memory_device(struct table *t, const struct firmware_params *p)
{
	struct record r = record_begin(TYPE_MEMORY_DEVICE, 0x28, 0);
	u64 mib = p->memsize_bytes / MIB(1);

	put(&r, 0x04, HANDLE(TYPE_MEMORY_ARRAY), 2);
	put(&r, 0x06, HANDLE_NONE, 2);
	put(&r, 0x08, 0xffff, 2); /* widths: unknown */
	put(&r, 0x0a, 0xffff, 2);
	put(&r, 0x0c, MIN(mib, 0x7fffull), 2);
	put(&r, 0x0e, 9, 1); /* DIMM */
	put_string(&r, 0x10, "DIMM 0");
	put(&r, 0x12, 7, 1); /* RAM */
	put(&r, 0x13, 2, 2); /* other */
	put_string(&r, 0x17, manufacturer);
	if (mib >= 0x7fff) {
		put(&r, 0x1c, mib, 4);
	}
	record_end(t, &r);
}

static void add_mapped(struct table *t, u8 number, u64 base, u64 bytes)
{
	struct record r = record_begin(TYPE_MEMORY_MAPPED, 0x1f, number);
	u64 last_kib = (base + bytes) / KIB(1) - 1;

	if (last_kib < UINT32_MAX) {
		put(&r, 0x04, base / KIB(1), 4);
		put(&r, 0x08, last_kib, 4);
	} else {
		put(&r, 0x04, UINT32_MAX, 4);
		put(&r, 0x0f, base, 8);
		put(&r, 0x17, base + bytes - 1, 8);
	}
	put(&r, 0x0c, HANDLE(TYPE_MEMORY_ARRAY), 2);
	put(&r, 0x0e, 1, 1);
	record_end(t, &r);
}

static void add_end(struct table *t)
{
	struct record boot = record_begin(TYPE_BOOT, 0x0b, 0); /* status 0: no errors */
	struct record end = record_begin(TYPE_END, 0x04, 0);

	record_end(t, &boot);
	record_end(t, &end);
}

/* --- entry points, DSP0134 section 5.2 -------------------------------------------------------- */

struct packed_struct smbios_entry {
	char anchor[4]; /* "_SM_" */
	u8 checksum;
	u8 length;
	u8 major, minor;
	u16 longest;
	u8 revision;
	u8 formatted[5];
	char anchor2[5]; /* "_DMI_" */
	u8 checksum2;
	u16 table_bytes;
	u32 table;
	u16 count;
	u8 bcd_revision;
};
static_assert(sizeof(struct smbios_entry) == 0x1f, "SMBIOS 2.1 entry point");

struct packed_struct smbios3_entry {
	char anchor[5]; /* "_SM3_" */
	u8 checksum;
	u8 length;
	u8 major, minor, docrev;
	u8 revision;
	u8 reserved;
	u32 table_bytes;
	u64 table;
};
static_assert(sizeof(struct smbios3_entry) == 0x18, "SMBIOS 3.0 entry point");

static void fill_entry(struct smbios_entry *e, const struct table *t, u32 table, u32 bytes)
{
	memcpy(e->anchor, "_SM_", sizeof(e->anchor));
	e->length = sizeof(*e);
	e->major = 2;
	e->minor = 8;
	e->longest = t->longest;
	memcpy(e->anchor2, "_DMI_", sizeof(e->anchor2));
	e->table_bytes = (u16)bytes;
	e->table = table;
	e->count = t->count;
	e->bcd_revision = 0x28;
	e->checksum2 =
		area_checksum(e->anchor2, sizeof(*e) - offsetof(struct smbios_entry, anchor2));
	e->checksum = area_checksum(e, sizeof(*e));
}

static void fill_entry3(struct smbios3_entry *e, u32 table, u32 bytes)
{
	memcpy(e->anchor, "_SM3_", sizeof(e->anchor));
	e->length = sizeof(*e);
	e->major = 3;
	e->revision = 1;
	e->table_bytes = bytes;
	e->table = table;
	e->checksum = area_checksum(e, sizeof(*e));
}

static void add_all(struct table *t, const struct firmware_params *p)
{
	u64 low = MIN(p->memsize_bytes, GUEST_LOW_RAM_LIMIT);

	add_bios(t, p);
	add_system(t, p);
	add_chassis(t, p);
	add_processor(t, p);
	add_memory_array(t, p);
	add_memory_device(t, p);
	add_mapped(t, 0, 0, low);
	if (p->memsize_bytes > low) {
		add_mapped(t, 1, GUEST_RAM_ABOVE_4G, p->memsize_bytes - low);
	}
	add_end(t);
}

int smbios_build(const struct firmware_params *p, struct area *a, struct firmware_result *result)
{
	struct smbios_entry *entry = (void *)area_alloc(a, sizeof(*entry), 16);
	struct smbios3_entry *entry3 = (void *)area_alloc(a, sizeof(*entry3), 16);
	u8 *start = area_alloc(a, 0, 16);
	struct table t = {.area = a};
	u32 bytes;

	if (entry == NULL || entry3 == NULL || start == NULL) {
		return ERR_LIMIT;
	}
	add_all(&t, p);
	if (t.full) {
		return ERR_LIMIT;
	}
	bytes = a->base + a->used - area_address(a, start);
	fill_entry(entry, &t, area_address(a, start), bytes);
	fill_entry3(entry3, area_address(a, start), bytes);
	result->smbios = gpa(area_address(a, entry));
	result->smbios3 = gpa(area_address(a, entry3));
	return 0;
}
