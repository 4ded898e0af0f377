// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF executables for Multiboot: loadable segments go to their physical addresses. Source: System V
 * ABI chapters 4 and 5, ELF-64 Object File Format 1.5. Pure.
 */
#include "kernel/loader/multiboot1_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

enum { ELFCLASS32 = 1, ELFCLASS64 = 2, ELFDATA2LSB = 1, ET_EXEC = 2, PT_LOAD = 1 };
enum { EM_386 = 3, EM_X86_64 = 62 };

/* Offsets of fields common to both classes, and of those that differ. */
enum { EI_CLASS = 4, EI_DATA = 5, E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24 };

struct elf_class {
	u16 machine;
	u8 header_size;
	u8 phoff, phentsize, phnum; /* in the header */
	u8 ph_size;
	u8 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz; /* in a program header */
	u8 word;					  /* bytes of an address or offset */
};

static const struct elf_class elf32 = {
	EM_386, 52, 28, 42, 44, 32, 4, 8, 12, 16, 20, 4,
};
static const struct elf_class elf64 = {
	EM_X86_64, 64, 32, 54, 56, 56, 8, 16, 24, 32, 40, 8,
};

struct elf_segment {
	u64 offset, vaddr, paddr, filesz, memsz;
};

static u64 word_read(const struct elf_class *c, const u8 *p)
{
	return c->word == 4 ? loader_read32(p) : loader_read64(p);
}

static struct elf_segment segment_read(const struct elf_class *c, const u8 *ph)
{
	return (struct elf_segment){
		word_read(c, ph + c->p_offset), word_read(c, ph + c->p_vaddr),
		word_read(c, ph + c->p_paddr),	word_read(c, ph + c->p_filesz),
		word_read(c, ph + c->p_memsz),
	};
}

static const struct elf_class *class_find(const u8 *file, u64 size, struct loader_reason *r)
{
	const struct elf_class *c = NULL;

	if (size > EI_DATA && file[EI_DATA] == ELFDATA2LSB) {
		c = file[EI_CLASS] == ELFCLASS32   ? &elf32
		    : file[EI_CLASS] == ELFCLASS64 ? &elf64
						   : NULL;
	}
	if (c == NULL || size < c->header_size || loader_read16(file + E_TYPE) != ET_EXEC ||
	    loader_read16(file + E_MACHINE) != c->machine) {
		loader_fail(r, ERR_FORMAT,
			    "its ELF header is not that of an executable for i386 or x86-64");
		return NULL;
	}
	return c;
}

/* The Multiboot entry is 32-bit: addresses must be, too. */
static int segment_add(struct load_plan *plan, const u8 *file, u64 size,
		       const struct elf_segment *s, struct loader_reason *r)
{
	if (s->offset > size || s->filesz > size - s->offset) {
		return loader_fail(
			r, ERR_FORMAT,
			"it is truncated: a segment lies at %#llx to %#llx of the file, which "
			"has %llu bytes",
			(unsigned long long)s->offset, (unsigned long long)(s->offset + s->filesz),
			(unsigned long long)size);
	}
	if (s->filesz > s->memsz) {
		return loader_fail(r, ERR_FORMAT,
				   "a segment has more bytes in the file than in memory");
	}
	if (s->paddr >= GIB(4) || s->memsz > GIB(4) - s->paddr) {
		return loader_fail(r, ERR_FORMAT,
				   "a segment has the physical address %#llx, beyond 4 GiB",
				   (unsigned long long)s->paddr);
	}
	struct load_segment segment = {gpa(s->paddr), file + s->offset, s->filesz,
				       s->memsz - s->filesz, 0};

	return plan_add(plan, &segment, "a segment of the kernel", r);
}

/* Linkers write the entry as the virtual address; kernels linked high want its physical one. */
static bool entry_translate(const struct elf_segment *s, u64 entry, u32 *physical)
{
	if (entry >= s->vaddr && entry - s->vaddr < s->memsz) {
		*physical = (u32)(entry - s->vaddr + s->paddr);
		return true;
	}
	if (entry >= s->paddr && entry - s->paddr < s->memsz) {
		*physical = (u32)entry;
		return true;
	}
	return false;
}

int elf_plan(const u8 *file, u64 size, struct load_plan *plan, u32 *entry, struct loader_reason *r)
{
	const struct elf_class *c = class_find(file, size, r);

	if (c == NULL) {
		return ERR_FORMAT;
	}
	u64 phoff = word_read(c, file + c->phoff), virtual_entry = word_read(c, file + E_ENTRY);
	u32 phentsize = loader_read16(file + c->phentsize), phnum = loader_read16(file + c->phnum);
	bool found = false;

	if (phentsize < c->ph_size || phoff > size || (u64)phentsize * phnum > size - phoff) {
		return loader_fail(r, ERR_FORMAT, "its ELF program headers do not lie in the file");
	}
	for (u32 i = 0; i < phnum; i++) {
		const u8 *ph = file + phoff + (u64)i * phentsize;
		struct elf_segment s = segment_read(c, ph);

		if (loader_read32(ph) != PT_LOAD || s.memsz == 0) {
			continue;
		}
		int err = segment_add(plan, file, size, &s, r);

		if (err != 0) {
			return err;
		}
		found = found || entry_translate(&s, virtual_entry, entry);
	}
	if (!found) {
		return loader_fail(r, ERR_FORMAT, "its entry point %#llx lies in no segment",
				   (unsigned long long)virtual_entry);
	}
	return 0;
}
