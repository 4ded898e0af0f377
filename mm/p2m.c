// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stage-2 walker. Entries are written once, from 0 to their final value, under the p2m lock and
 * with release order: whoever sees an entry sees the table or page behind it initialised.
 */
#include "mm/p2m.h"

#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "mm/frames.h"

#define ENTRIES	   512u
#define INDEX_BITS 9u

static u32 entry_index(gfn_t gfn, u32 level)
{
	return (gfn.v >> ((level - 1) * INDEX_BITS)) & (ENTRIES - 1);
}

static u64 entry_read(const u64 *table, u32 index)
{
	return __atomic_load_n(&table[index], __ATOMIC_ACQUIRE);
}

static void entry_write(u64 *table, u32 index, u64 value)
{
	__atomic_store_n(&table[index], value, __ATOMIC_RELEASE);
}

static bool gfn_in_tables(const struct s2_format *fmt, gfn_t gfn)
{
	return (gfn.v >> (fmt->levels * INDEX_BITS)) == 0;
}

static u64 *entry_table(const struct s2_format *fmt, u64 entry)
{
	return hpa_to_va(hpa(entry & fmt->address_mask));
}

int p2m_init(struct p2m *p2m, const struct s2_format *fmt, u16 owner,
	     const struct p2m_range ram[P2M_RANGES])
{
	mfn_t root;
	int err = frame_alloc(0, FRAME_HYPERVISOR, owner, &root);

	if (err != 0) {
		return err;
	}
	*p2m = (struct p2m){.fmt = fmt, .root = mfn_to_hpa(root), .owner = owner, .table_pages = 1};
	for (u32 i = 0; i < P2M_RANGES; i++) {
		p2m->ram[i] = ram[i];
	}
	return 0;
}

bool p2m_is_ram(const struct p2m *p2m, gfn_t gfn)
{
	for (u32 i = 0; i < P2M_RANGES; i++) {
		if (gfn.v - p2m->ram[i].base.v < p2m->ram[i].pages) {
			return true;
		}
	}
	return false;
}

int p2m_lookup(const struct p2m *p2m, gfn_t gfn, mfn_t *out)
{
	const struct s2_format *fmt = p2m->fmt;
	const u64 *table = hpa_to_va(p2m->root);

	if (!gfn_in_tables(fmt, gfn)) {
		return ERR_NOENT;
	}
	for (u32 level = fmt->levels; level > 1; level--) {
		u64 entry = entry_read(table, entry_index(gfn, level));

		if ((entry & fmt->present) == 0) {
			return ERR_NOENT;
		}
		table = entry_table(fmt, entry);
	}
	u64 leaf = entry_read(table, entry_index(gfn, 1));

	if ((leaf & fmt->present) == 0) {
		return ERR_NOENT;
	}
	*out = hpa_to_mfn(hpa(leaf & fmt->address_mask));
	return 0;
}

/* The level-1 table that maps `gfn`, tables above it made as needed. Under the lock. */
static int table_get(struct p2m *p2m, gfn_t gfn, u64 **out)
{
	u64 *table = hpa_to_va(p2m->root);

	for (u32 level = p2m->fmt->levels; level > 1; level--) {
		u32 index = entry_index(gfn, level);
		u64 entry = entry_read(table, index);

		if ((entry & p2m->fmt->present) == 0) {
			mfn_t page;
			int err = frame_alloc(0, FRAME_HYPERVISOR, p2m->owner, &page);

			if (err != 0) {
				return err;
			}
			p2m->table_pages++;
			entry = mfn_to_hpa(page).v | p2m->fmt->table;
			entry_write(table, index, entry);
		}
		table = entry_table(p2m->fmt, entry);
	}
	*out = table;
	return 0;
}

static int page_touch(struct p2m *p2m, gfn_t gfn, mfn_t *out)
{
	const struct s2_format *fmt = p2m->fmt;
	u64 *table;
	int err = table_get(p2m, gfn, &table);

	if (err != 0) {
		return err;
	}
	u32 index = entry_index(gfn, 1);
	u64 leaf = entry_read(table, index);

	if ((leaf & fmt->present) == 0) {
		mfn_t page;

		err = frame_alloc(0, FRAME_PRIVATE, p2m->owner, &page);
		if (err != 0) {
			return err;
		}
		leaf = mfn_to_hpa(page).v | fmt->leaf | fmt->read | fmt->write | fmt->exec_allow;
		entry_write(table, index, leaf);
		p2m->touched_pages++;
	}
	*out = hpa_to_mfn(hpa(leaf & fmt->address_mask));
	return 0;
}

int p2m_touch(struct p2m *p2m, gfn_t gfn, mfn_t *out)
{
	if (!p2m_is_ram(p2m, gfn) || !gfn_in_tables(p2m->fmt, gfn)) {
		return ERR_FAULT;
	}
	spin_lock(&p2m->lock);
	int err = page_touch(p2m, gfn, out);

	spin_unlock(&p2m->lock);
	return err;
}

int p2m_back_device(struct p2m *p2m, gfn_t gfn, mfn_t *out)
{
	if (p2m_is_ram(p2m, gfn) || !gfn_in_tables(p2m->fmt, gfn)) {
		return ERR_FAULT;
	}
	spin_lock(&p2m->lock);
	int err = page_touch(p2m, gfn, out);

	spin_unlock(&p2m->lock);
	return err;
}

static void leaves_free(struct p2m *p2m, u64 *table)
{
	for (u32 i = 0; i < ENTRIES; i++) {
		if ((table[i] & p2m->fmt->present) != 0) {
			frame_free(hpa_to_mfn(hpa(table[i] & p2m->fmt->address_mask)), 0);
			p2m->touched_pages--;
		}
	}
}

/* Frees the subtree of `table` depth first until the budget is used up; true when the table is
 * empty. */
static bool subtree_free(struct p2m *p2m, u64 *table, u32 level, u32 *budget)
{
	if (level == 1) {
		leaves_free(p2m, table);
		(*budget)--;
		return true;
	}
	for (u32 i = 0; i < ENTRIES; i++) {
		if ((table[i] & p2m->fmt->present) == 0) {
			continue;
		}
		if (*budget == 0 ||
		    !subtree_free(p2m, entry_table(p2m->fmt, table[i]), level - 1, budget)) {
			return false;
		}
		frame_free(hpa_to_mfn(hpa(table[i] & p2m->fmt->address_mask)), 0);
		p2m->table_pages--;
		table[i] = 0;
	}
	return true;
}

bool p2m_destroy_step(struct p2m *p2m, u32 budget)
{
	if (!subtree_free(p2m, hpa_to_va(p2m->root), p2m->fmt->levels, &budget)) {
		return false;
	}
	frame_free(hpa_to_mfn(p2m->root), 0);
	p2m->root = hpa(0);
	p2m->table_pages--;
	assert(p2m->touched_pages == 0 && p2m->table_pages == 0);
	return true;
}
