// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot2 information -> struct boot_info: a table of tag handlers, each given a tag that lies
 * wholly inside the information and has at least its minimum size. Reads bytes, never structures in
 * place. Pure.
 */
#include "boot/multiboot2.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#define HEADER_SIZE 8 /* of the information and of each tag */
#define SIZE_LIMIT  MIB(1)

struct parse {
	struct boot_info *info;
	struct memory_map *map;
	hpa_t mbi_base;
	const u8 *mbi;
	bool memory_seen;
};

static u32 get_u32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static u64 get_u64(const u8 *p)
{
	return get_u32(p) | (u64)get_u32(p + 4) << 32;
}

/* Copies text of at most `max` bytes; dst is always terminated. */
static void copy_text(char *dst, size_t size, const u8 *src, size_t max)
{
	size_t n = MIN(strnlen((const char *)src, max), size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
}

static void parse_cmdline(struct parse *p, const u8 *tag, u32 size)
{
	copy_text(p->info->cmdline, sizeof(p->info->cmdline), tag + 8, size - 8);
}

static void parse_loader(struct parse *p, const u8 *tag, u32 size)
{
	/* It stays where it is: the information is kept as BOOT_RAM_LOADER. */
	if (memchr(tag + 8, '\0', size - 8) != NULL) {
		p->info->loader = (const char *)tag + 8;
	}
}

/* The first word of the module's string, without its folders. */
static void module_name(struct boot_module *m, u32 index, const u8 *text, size_t max)
{
	size_t len = 0;
	size_t start = 0;

	while (len < max && text[len] != '\0' && text[len] != ' ') {
		len++;
		if (text[len - 1] == '/') {
			start = len;
		}
	}
	copy_text(m->name, sizeof(m->name), text + start, len - start);
	if (m->name[0] == '\0') {
		fmt_print(m->name, sizeof(m->name), "module%u", index);
	}
}

static void parse_module(struct parse *p, const u8 *tag, u32 size)
{
	u32 start = get_u32(tag + 8);
	u32 end = get_u32(tag + 12);
	struct boot_info *info = p->info;

	if (end < start || info->module_count == BOOT_MODULES_MAX) {
		return;
	}
	struct boot_module *m = &info->modules[info->module_count];

	m->base = hpa(start);
	m->size_bytes = end - start;
	module_name(m, info->module_count, tag + 16, size - 16);
	info->module_count++;
	memory_map_add(p->map, start, end - start, BOOT_RAM_LOADER);
}

static enum boot_range_type memory_type(u32 type)
{
	switch (type) {
	case 1:
		return BOOT_RAM_FREE;
	case 3: /* ACPI tables */
	case 4: /* ACPI non-volatile storage: RAM as well, may hold tables */
		return BOOT_RAM_ACPI;
	default:
		return BOOT_RESERVED;
	}
}

static void parse_memory(struct parse *p, const u8 *tag, u32 size)
{
	u32 entry_size = get_u32(tag + 8);

	if (entry_size < 24) {
		return;
	}
	for (u32 at = 16; size - at >= entry_size; at += entry_size) {
		const u8 *e = tag + at;

		memory_map_add(p->map, get_u64(e), get_u64(e + 8), memory_type(get_u32(e + 16)));
	}
	p->memory_seen = true;
}

static void parse_framebuffer(struct parse *p, const u8 *tag, u32 size)
{
	u8 bits_per_pixel = tag[28];
	u8 type = tag[29];

	(void)size;
	if (type != 1 ||
	    bits_per_pixel != 32) { /* direct RGB only; text modes have no linear buffer */
		return;
	}
	p->info->framebuffer = (struct boot_framebuffer){
		.base = hpa(get_u64(tag + 8)),
		.pitch_bytes = get_u32(tag + 16),
		.width_px = get_u32(tag + 20),
		.height_px = get_u32(tag + 24),
		.red_shift = tag[32],
		.green_shift = tag[34],
		.blue_shift = tag[36],
	};
}

static void parse_acpi(struct parse *p, const u8 *tag, u32 size)
{
	(void)size;
	/* The tag holds a copy of the root pointer. The one of ACPI 2.0 comes second or alone. */
	p->info->acpi_rsdp = hpa(p->mbi_base.v + (u64)(tag + 8 - p->mbi));
}

static const struct {
	u32 type;
	u32 min_size;
	void (*parse)(struct parse *p, const u8 *tag, u32 size);
} tag_parsers[] = {
	/* clang-format off */
	{1, 9, parse_cmdline},
	{2, 9, parse_loader},
	{3, 17, parse_module},
	{6, 16, parse_memory},
	{8, 38, parse_framebuffer},
	{14, 8 + 20, parse_acpi},
	{15, 8 + 36, parse_acpi},
	/* clang-format on */
};

static void parse_tag(struct parse *p, const u8 *tag, u32 type, u32 size)
{
	for (size_t i = 0; i < ARRAY_SIZE(tag_parsers); i++) {
		if (tag_parsers[i].type == type && size >= tag_parsers[i].min_size) {
			tag_parsers[i].parse(p, tag, size);
		}
	}
}

size_t multiboot2_size(const void *mbi)
{
	return MIN(get_u32(mbi), SIZE_LIMIT);
}

int multiboot2_parse(const void *mbi, size_t size, hpa_t mbi_base, struct boot_info *info,
		     struct memory_map *map)
{
	struct parse p = {.info = info, .map = map, .mbi_base = mbi_base, .mbi = mbi};

	info->loader = "Multiboot2 loader";
	memory_map_add(map, mbi_base.v, size, BOOT_RAM_LOADER);
	for (size_t at = HEADER_SIZE; at <= size && size - at >= HEADER_SIZE;) {
		const u8 *tag = p.mbi + at;
		u32 type = get_u32(tag);
		u32 tag_size = get_u32(tag + 4);

		if (type == 0) {
			return p.memory_seen ? ERR_OK : ERR_FORMAT;
		}
		if (tag_size < HEADER_SIZE || tag_size > size - at) {
			return ERR_FORMAT;
		}
		parse_tag(&p, tag, type, tag_size);
		at += ALIGN_UP((size_t)tag_size, 8);
	}
	return ERR_FORMAT;
}
