// SPDX-License-Identifier: GPL-2.0-only
/* See symbols.h. The table is sorted by address; a symbol reaches to the next one. */
#include "kernel/symbols.h"
#include "kernel/lib/fmt.h"

/* Made by boot/symbols.awk: the low half of a function's address; its name at symbols_text + name.
 */
struct symbol {
	u32 address;
	u32 name;
};
extern const u32 symbols_count;
extern const struct symbol symbols_entries[];
extern const char symbols_text[];
/* linker.ld */
extern const u8 image_text_start[], image_text_end[];

const char *symbols_find(u64 address, u64 *offset)
{
	u32 low = 0;
	u32 high = symbols_count;

	if (address < (u64)(uintptr_t)image_text_start ||
	    address >= (u64)(uintptr_t)image_text_end) {
		return NULL;
	}
	while (low < high) { /* the first entry above address */
		u32 middle = low + (high - low) / 2;

		if (symbols_entries[middle].address <= (u32)address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return NULL;
	}
	*offset = (u32)address - symbols_entries[low - 1].address;
	return symbols_text + symbols_entries[low - 1].name;
}

const char *symbols_format(u64 address, char *buf, size_t size)
{
	u64 offset = 0;
	const char *name = symbols_find(address, &offset);

	if (name != NULL) {
		fmt_print(buf, size, "%s+0x%llx", name, (unsigned long long)offset);
	} else {
		fmt_print(buf, size, "0x%016llx", (unsigned long long)address);
	}
	return buf;
}
