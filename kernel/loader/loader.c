// SPDX-License-Identifier: GPL-2.0-only
/* Recognises what kind of kernel a file is and hands it to its loader. Pure. */
#include "kernel/loader/plan_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

static const struct {
	bool (*matches)(const u8 *file, u64 size);
	int (*plan)(const struct load_request *q, struct load_plan *plan, struct loader_reason *r);
} loaders[] = {
	{bzimage_matches, linux_boot_plan},
	{multiboot1_matches, multiboot1_plan},
};

/* First bytes of what people are likely to name instead of a kernel that can be started. */
static const struct {
	char magic[8];
	u8 size;
	const char *text;
} known[] = {
	{"\x1f\x8b", 2, "it is compressed with gzip: unpack it first"},
	{"\xfd"
	 "7zXZ",
	 5, "it is compressed with xz: unpack it first"},
	{"\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: unpack it first"},
	{"\x7f"
	 "ELF",
	 4,
	 "it is an ELF file without a Multiboot 1 header (for Linux, use the bzImage, not "
	 "vmlinux)"},
	{"MZ", 2, "it is an EFI program, and not a Linux bzImage"},
};

/* Multiboot 2 section 3.1: its header lies in the first 32 KiB, 8-byte aligned. */
#define MULTIBOOT2_MAGIC  0xe85250d6u
#define MULTIBOOT2_SEARCH 32768u

static bool multiboot2_matches(const u8 *file, u64 size)
{
	u64 end = MIN(size, (u64)MULTIBOOT2_SEARCH);

	for (u64 at = 0; at + 16 <= end; at += 8) {
		const u8 *p = file + at;
		u32 sum = loader_read32(p) + loader_read32(p + 4) + loader_read32(p + 8) +
			  loader_read32(p + 12);

		if (loader_read32(p) == MULTIBOOT2_MAGIC && sum == 0) {
			return true;
		}
	}
	return false;
}

static int unknown_fail(const struct load_request *q, struct loader_reason *r)
{
	if (q->kernel_bytes == 0) {
		return loader_fail(r, ERR_FORMAT, "it is empty");
	}
	if (multiboot2_matches(q->kernel, q->kernel_bytes)) {
		return loader_fail(r, ERR_NOTSUP,
				   "it is a Multiboot 2 kernel: only Multiboot 1 is supported");
	}
	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		if (q->kernel_bytes >= known[i].size &&
		    memcmp(q->kernel, known[i].magic, known[i].size) == 0) {
			return loader_fail(r, ERR_FORMAT, "%s", known[i].text);
		}
	}
	return loader_fail(r, ERR_FORMAT, "it is neither a Linux bzImage nor a Multiboot 1 kernel");
}

int loader_plan(const struct load_request *request, struct load_plan *plan, char *reason,
		size_t reason_size)
{
	struct loader_reason r = {reason, reason_size};

	memset(plan, 0, sizeof(*plan));
	plan->map = request->map;
	plan->map_count = request->map_count;
	for (u32 i = 0; i < ARRAY_SIZE(loaders); i++) {
		if (loaders[i].matches(request->kernel, request->kernel_bytes)) {
			return loaders[i].plan(request, plan, &r);
		}
	}
	return unknown_fail(request, &r);
}
