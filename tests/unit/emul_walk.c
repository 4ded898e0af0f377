// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch/x86/emul/walk against a second, plainer reading of SDM 3A chapter 4: random tables, modes
 * and accesses; translation, error code and every byte of the tables afterwards must agree.
 */
#include "tests/unit/unit.h"
#include "arch/x86/emul/walk.h"

#define PAGES  16
#define ROUNDS 60000

/* Guest memory: pages 0..7 from 0x100000, pages 8..15 from 8 GiB. */
struct world {
	struct walk_mem mem;
	u64 page[PAGES][512];
	int races; /* updates that still find a changed entry */
	int updates;
};

static u64 page_address(u32 i)
{
	return i < PAGES / 2 ? 0x100000 + i * PAGE_SIZE : GIB(8) + i * PAGE_SIZE;
}

static int page_index(u64 address)
{
	for (u32 i = 0; i < PAGES; i++) {
		if (page_address(i) == (address & ~PAGE_MASK)) {
			return (int)i;
		}
	}
	return -1;
}

static void *byte_at(struct world *w, u64 address)
{
	int i = page_index(address);

	return i < 0 ? NULL : (u8 *)w->page[i] + (address & PAGE_MASK);
}

static const void *world_page(struct walk_mem *mem, gpa_t page)
{
	assert_int_equal(page.v & PAGE_MASK, 0);
	return byte_at(container_of(mem, struct world, mem), page.v);
}

static int world_update(struct walk_mem *mem, gpa_t entry, u8 size, u64 old, u64 next)
{
	struct world *w = container_of(mem, struct world, mem);
	u8 *p = byte_at(w, entry.v);
	u64 now = 0;

	assert_true(size == 4 || size == 8);
	assert_int_equal(entry.v % size, 0);
	assert_non_null(p);
	memcpy(&now, p, size);
	w->updates++;
	if (w->races > 0) {
		w->races--;
		p[1] ^= 2; /* bit 9, which hardware ignores */
		return ERR_AGAIN;
	}
	if (now != old) {
		return ERR_AGAIN; /* one entry serves two levels */
	}
	memcpy(p, &next, size);
	return 0;
}

static u64 random_state = 88172645463325252ull;

static u64 random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static bool one_in(u32 n)
{
	return (random_u64() >> 20) % n == 0;
}

/* --- the model -------------------------------------------------------------------------------- */

static const int level_count[] = {0, 2, 3, 4, 5};

/* One rule after the other, for a single bit of a present entry. */
static bool bit_must_be_zero(const struct walk_mode *m, int level, bool big, int bit)
{
	bool lm = m->format >= WALK_LEVEL4;

	if (m->format == WALK_32) {
		/* With M = MAXPHYADDR, at most 40: address bits 39:32 are entry bits 20:13. */
		return big && bit >= 13 && bit <= 21 && (bit == 21 || bit + 19 >= m->phys_bits);
	}
	if (m->format == WALK_PAE && level == 3) {
		/* Bit 5 is reserved too, but set by QEMU's CPU: let through. */
		return bit == 1 || bit == 2 || (bit >= 6 && bit <= 8) || bit >= m->phys_bits;
	}
	if (bit == 63) {
		return !m->nxe;
	}
	if (bit >= 52) {
		return !lm; /* available to software, or keys, in long mode only */
	}
	if (bit >= m->phys_bits) {
		return true;
	}
	if (bit == 7 && lm && level > 1) {
		return level >= 4 || (level == 3 && !m->has_1g);
	}
	if (big && level == 3) {
		return bit >= 13 && bit < 30;
	}
	return big && level == 2 && bit >= 13 && bit < 21;
}

struct model {
	u64 *entry[6]; /* [level], for A and D */
	int leaf;
	bool fault, outside;
	u32 error;
	u64 gpa;
	u8 shift;
	bool user_page, writable, no_exec;
	u32 key;
};

static u64 model_entry(const struct walk_mode *m, u64 *p)
{
	return m->format == WALK_32 ? *(u32 *)p : *p;
}

/* Finds the leaf; false: faulted or left RAM. */
static bool model_descend(struct world *w, const struct walk_mode *m, u64 va, struct model *r)
{
	u64 table = m->format == WALK_32    ? m->cr3 & 0xfffff000
		    : m->format == WALK_PAE ? m->cr3 & 0xffffffe0
					    : m->cr3 & 0xffffffffff000;

	r->user_page = r->writable = true;
	for (int level = level_count[m->format]; level >= 1; level--) {
		int shift = m->format == WALK_32 ? 2 + 10 * level : 3 + 9 * level;
		u64 index = (va >> shift) % (m->format == WALK_32 ? 1024 : 512);
		u64 e;
		bool big;

		r->entry[level] = byte_at(w, table + index * (m->format == WALK_32 ? 4 : 8));
		if (r->entry[level] == NULL) {
			r->outside = true;
			return false;
		}
		e = model_entry(m, r->entry[level]);
		if (e % 2 == 0) {
			return false;
		}
		big = (e & 0x80) != 0 && ((level == 2 && (m->format != WALK_32 || m->pse)) ||
					  (level == 3 && m->format >= WALK_LEVEL4 && m->has_1g));
		for (int bit = 0; bit < 64; bit++) {
			if ((e & BIT(bit)) != 0 && bit_must_be_zero(m, level, big, bit)) {
				r->error |= 1 + 8;
				return false;
			}
		}
		if (m->format != WALK_PAE || level < 3) {
			r->user_page = r->user_page && (e & 4) != 0;
			r->writable = r->writable && (e & 2) != 0;
			r->no_exec = r->no_exec || (m->nxe && (e & BIT(63)) != 0);
		}
		table = e & 0xffffffffff000;
		if (big || level == 1) {
			u64 in_page = va % BIT(shift);

			r->leaf = level;
			r->shift = (u8)shift;
			r->key = (e >> 59) & 15;
			r->gpa = table / BIT(shift) * BIT(shift) + in_page;
			if (m->format == WALK_32 && big) {
				r->gpa = (e & 0xffc00000) + ((e >> 13 & 0xff) << 32) + in_page;
			}
			return true;
		}
	}
	abort();
}

static bool model_allows(const struct walk_mode *m, u32 access, struct model *r)
{
	bool user = m->cpl == 3 && !(access & WALK_SYSTEM);
	bool write = access & WALK_WRITE, fetch = access & WALK_FETCH;
	bool ok = true;

	if (user) {
		ok = r->user_page && (!write || r->writable);
	} else {
		ok = !write || r->writable || !m->wp;
		if (r->user_page && fetch && m->smep) {
			ok = false;
		}
		if (r->user_page && !fetch && m->smap && (!m->ac || (access & WALK_SYSTEM))) {
			ok = false;
		}
	}
	if (fetch && r->no_exec) {
		ok = false;
	}
	if (m->pke && r->user_page && !fetch) {
		bool ad = m->pkru & BIT(2 * r->key), wd = m->pkru & BIT(2 * r->key + 1);

		if (ad || (wd && write && (user || m->wp))) {
			r->error |= 32;
			ok = false;
		}
	}
	if (!ok) {
		r->error |= 1;
	}
	return ok;
}

static void model_walk(struct world *w, const struct walk_mode *m, u64 va, u32 access,
		       struct model *r)
{
	memset(r, 0, sizeof(*r));
	if (!model_descend(w, m, va, r) || !model_allows(m, access, r)) {
		r->fault = !r->outside;
		r->error |= (access & WALK_WRITE) ? 2 : 0;
		r->error |= m->cpl == 3 && !(access & WALK_SYSTEM) ? 4 : 0;
		r->error |= (access & WALK_FETCH) && (m->nxe || m->smep) ? 16 : 0;
		return;
	}
	if ((access & WALK_PEEK) != 0) {
		return;
	}
	for (int level = level_count[m->format]; level >= r->leaf; level--) {
		if (m->format == WALK_PAE && level == 3) {
			continue;
		}
		*(u32 *)r->entry[level] |= 0x20;
		if (level == r->leaf && (access & WALK_WRITE)) {
			*(u32 *)r->entry[level] |= 0x40;
		}
	}
}

/* --- random cases ----------------------------------------------------------------------------- */

static void random_mode(struct walk_mode *m)
{
	u64 r = random_u64();
	static const u8 widths[] = {32, 36, 39, 40, 46, 52};

	*m = (struct walk_mode){
		.format = (u8)(WALK_32 + r % 4),
		.phys_bits = widths[(r >> 4) % ARRAY_SIZE(widths)],
		.cpl = (r >> 8 & 1) != 0 ? 3 : 0,
		.pse = r >> 9 & 1,
		.wp = r >> 10 & 1,
		.smep = r >> 11 & 1,
		.smap = r >> 12 & 1,
		.nxe = r >> 13 & 1,
		.pke = r >> 14 & 1,
		.has_1g = r >> 15 & 1,
		.ac = r >> 16 & 1,
		.pkru = one_in(2) ? (u32)random_u64() : 0,
	};
	m->nxe = m->nxe && m->format != WALK_32;
	m->pke = m->pke && m->format >= WALK_LEVEL4;
	m->cr3 = page_address((u32)(r >> 20) % PAGES) | (r >> 32 & 0xfff);
	if (one_in(64)) {
		m->cr3 ^= BIT(30);
	}
}

static u64 random_entry(const struct walk_mode *m, int level)
{
	u64 e = page_address((u32)random_u64() % PAGES) | 0x7;

	if (m->format == WALK_PAE && level == 3) {
		e &= ~6ull;
	} else {
		e |= random_u64() & 0xe60; /* A, D, software bits */
	}
	if (one_in(6)) {
		e &= ~2ull;
	}
	if (one_in(6)) {
		e &= ~4ull;
	}
	if (one_in(6) && level > 1) {
		e = (e & 0xfff) | 0x80 | (random_u64() & 0x1e00000);
		e |= one_in(2) ? random_u64() & (GIB(64) - GIB(1)) : 0;
		e |= one_in(4) ? random_u64() & 0x1fe000 : 0; /* PSE-36 address, else reserved */
	}
	if (m->nxe && one_in(8)) {
		e |= BIT(63);
	}
	if (m->pke) {
		e |= (random_u64() & 15) << 59;
	}
	if (one_in(12)) {
		e ^= BIT(random_u64() >> 9 & 63);
	}
	return e;
}

/* Writes the entries that the walk of `va` will meet. */
static void random_tables(struct world *w, const struct walk_mode *m, u64 va)
{
	u64 table = m->cr3 & (m->format == WALK_32    ? 0xfffff000
			      : m->format == WALK_PAE ? 0xffffffe0
						      : 0xffffffffff000);

	for (int level = level_count[m->format]; level >= 1; level--) {
		int shift = m->format == WALK_32 ? 2 + 10 * level : 3 + 9 * level;
		u64 index = (va >> shift) % (m->format == WALK_32 ? 1024 : 512);
		u8 size = m->format == WALK_32 ? 4 : 8;
		void *p = byte_at(w, table + index * size);
		u64 e = random_entry(m, level);

		if (p == NULL) {
			return;
		}
		memcpy(p, &e, size);
		table = m->format == WALK_32 ? e & 0xfffff000 : e & 0xffffffffff000;
	}
}

static u64 random_va(const struct walk_mode *m)
{
	u64 va = random_u64();

	if (m->format < WALK_LEVEL4) {
		return va & 0xffffffff;
	}
	va <<= m->format == WALK_LEVEL4 ? 16 : 7;
	return (u64)((s64)va >> (m->format == WALK_LEVEL4 ? 16 : 7));
}

static u32 random_access(void)
{
	static const u32 kinds[] = {WALK_READ, WALK_WRITE, WALK_FETCH, WALK_READ | WALK_SYSTEM,
				    WALK_WRITE | WALK_SYSTEM};

	return kinds[random_u64() % ARRAY_SIZE(kinds)] | (one_in(8) ? WALK_PEEK : 0);
}

static void random_tables_agree_with_the_model(void **state)
{
	static struct world real, mirror;
	u32 translated = 0, faulted = 0, raced = 0;

	(void)state;
	real.mem = (struct walk_mem){world_page, world_update};
	for (int i = 0; i < ROUNDS; i++) {
		struct walk_mode m;
		struct walk_result result = {{0}, 0, 0};
		struct model model;
		u32 access = random_access();
		int races = one_in(8) ? 2 : 0; /* the same ignored bit flips twice */
		u64 va;
		int err;

		random_mode(&m);
		va = random_va(&m);
		random_tables(&real, &m, va);
		real.races = races;
		memcpy(mirror.page, real.page, sizeof(real.page));
		model_walk(&mirror, &m, va, access, &model);
		err = walk(&m, &real.mem, gva(va), access, &result);

		assert_int_equal(err, model.outside ? ERR_NOENT : model.fault ? ERR_FAULT : 0);
		if (err == 0) {
			translated++;
			assert_true(result.gpa.v == model.gpa);
			assert_int_equal(result.page_shift, model.shift);
		} else if (err == ERR_FAULT) {
			faulted++;
			assert_int_equal(result.error, model.error);
		}
		raced += real.races != races;
		assert_memory_equal(real.page, mirror.page, sizeof(real.page));
	}
	assert_true(translated > ROUNDS / 20 && faulted > ROUNDS / 20 && raced > ROUNDS / 100);
}

/* --- single properties ------------------------------------------------------------------------ */

static void simple_tables(struct world *w, struct walk_mode *m)
{
	memset(w, 0, sizeof(*w));
	w->mem = (struct walk_mem){world_page, world_update};
	*m = (struct walk_mode){.format = WALK_LEVEL4, .phys_bits = 46, .wp = true, .has_1g = true};
	m->cr3 = page_address(0);
	w->page[0][256] = page_address(1) | 3;
	w->page[1][1] = page_address(2) | 3;
	w->page[2][2] = 0x40000000 | 0x83;
	w->page[2][3] = page_address(3) | 3;
	w->page[3][4] = 0x123456000 | 3;
	w->page[1][5] = 0x80000000 | 0x83;
}

static void endless_change_ends(void **state)
{
	static struct world w;
	struct walk_mode m;
	struct walk_result r;

	(void)state;
	simple_tables(&w, &m);
	w.races = 1000000;
	assert_int_equal(walk(&m, &w.mem, gva(0xffff800040400000), WALK_READ, &r), ERR_LIMIT);
	assert_in_range(w.updates, 2, 100);
}

static void no_paging_is_identity(void **state)
{
	struct walk_mode m = {.format = WALK_NONE};
	struct walk_result r;

	(void)state;
	assert_int_equal(walk(&m, NULL, gva(0x12345678), WALK_WRITE, &r), 0);
	assert_int_equal(r.gpa.v, 0x12345678);
	assert_int_equal(r.page_shift, 12);
}

static void mode_follows_control_registers(void **state)
{
	enum { PG = BIT(31), WP = BIT(16) };
	enum {
		PSE = BIT(4),
		PAE = BIT(5),
		LA57 = BIT(12),
		SMEP = BIT(20),
		SMAP = BIT(21),
		PKE = BIT(22)
	};
	enum { LMA = BIT(10), NXE = BIT(11) };
	static const struct {
		u64 cr0, cr4, efer;
		u8 format;
		bool nxe, pke;
	} cases[] = {
		{1, PAE, 0, WALK_NONE, false, false},
		{PG | 1, PSE, NXE, WALK_32, false, false},
		{PG | 1, PAE | PKE, NXE, WALK_PAE, true, false},
		{PG | WP | 1, PAE | PKE | SMAP, LMA, WALK_LEVEL4, false, true},
		{PG | 1, PAE | LA57 | SMEP, LMA | NXE, WALK_LEVEL5, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest_state gs = {.cr0 = cases[i].cr0,
					 .cr4 = cases[i].cr4,
					 .cr3 = 0x5000,
					 .efer = cases[i].efer,
					 .cpl = 3,
					 .rflags = BIT(18)};
		struct walk_mode m;

		walk_mode_of(&gs, 40, true, 0x55, &m);
		assert_int_equal(m.format, cases[i].format);
		assert_int_equal(m.nxe, cases[i].nxe);
		assert_int_equal(m.pke, cases[i].pke);
		assert_int_equal(m.pse, (gs.cr4 & PSE) != 0);
		assert_int_equal(m.wp, (gs.cr0 & WP) != 0);
		assert_int_equal(m.smep, (gs.cr4 & SMEP) != 0);
		assert_int_equal(m.smap, (gs.cr4 & SMAP) != 0);
		assert_true(m.ac && m.has_1g && m.cpl == 3 && m.phys_bits == 40);
		assert_int_equal(m.pkru, 0x55);
		assert_int_equal(m.cr3, 0x5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_tables_agree_with_the_model),
		cmocka_unit_test(endless_change_ends),
		cmocka_unit_test(no_paging_is_identity),
		cmocka_unit_test(mode_follows_control_registers),
	};

	return cmocka_run_group_tests_name("emul_walk", tests, NULL, NULL);
}
