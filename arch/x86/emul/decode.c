// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder proper: prefixes, opcode, ModRM, SIB, displacement, immediates, in the order in which
 * they stand in memory. What an opcode means is in decode_tables.c. No state, no locks.
 */
#include "arch/x86/emul/decode.h"

#include "arch/x86/emul/decode_priv.h"
#include "kernel/lib/string.h"

#define INSN_NAME(name) [INSN_##name] = #name,
static const char *const names[INSN_COUNT] = {INSN_LIST(INSN_NAME)};

const char *insn_name(u8 id)
{
	return id < INSN_COUNT && names[id] != NULL ? names[id] : "?";
}

/* --- prefixes --------------------------------------------------------------------------------- */

enum { PREFIX_NONE, PREFIX_SEG, PREFIX_FLAG, PREFIX_REP };

static const struct {
	u8 kind;
	u8 value;
} prefix_table[256] = {
	[0x26] = {PREFIX_SEG, SEG_ES},
	[0x2e] = {PREFIX_SEG, SEG_CS},
	[0x36] = {PREFIX_SEG, SEG_SS},
	[0x3e] = {PREFIX_SEG, SEG_DS},
	[0x64] = {PREFIX_SEG, SEG_FS},
	[0x65] = {PREFIX_SEG, SEG_GS},
	[0x66] = {PREFIX_FLAG, INSN_PREFIX_OPSIZE},
	[0x67] = {PREFIX_FLAG, INSN_PREFIX_ADSIZE},
	[0xf0] = {PREFIX_FLAG, INSN_PREFIX_LOCK},
	[0xf2] = {PREFIX_REP, INSN_PREFIX_REPNE},
	[0xf3] = {PREFIX_REP, INSN_PREFIX_REP},
};

static void apply_prefix(struct cursor *c, u8 byte)
{
	u8 value = prefix_table[byte].value;

	switch (prefix_table[byte].kind) {
	case PREFIX_SEG:
		/* In 64-bit mode only FS and GS have an effect; the others do not undo them. */
		if (c->insn->mode != INSN_MODE_64 || value >= SEG_FS) {
			c->seg = value;
		}
		break;
	case PREFIX_REP:
		c->insn->prefixes &= (u8) ~(INSN_PREFIX_REP | INSN_PREFIX_REPNE);
		c->insn->prefixes |= value;
		break;
	default:
		c->insn->prefixes |= value;
		break;
	}
}

/* Consumes all prefixes; returns the first byte of the opcode. */
static u8 read_prefixes(struct cursor *c)
{
	for (;;) {
		u8 byte = decode_next_u8(c);

		if (c->err != 0) {
			return 0;
		}
		if (c->insn->mode == INSN_MODE_64 && (byte & 0xf0) == 0x40) {
			c->insn->rex = byte;
			continue;
		}
		if (prefix_table[byte].kind == PREFIX_NONE) {
			return byte;
		}
		/* A REX that does not stand right before the opcode has no effect. */
		c->insn->rex = 0;
		apply_prefix(c, byte);
	}
}

static void set_sizes(struct insn *insn)
{
	bool other_op = (insn->prefixes & INSN_PREFIX_OPSIZE) != 0;
	bool other_ad = (insn->prefixes & INSN_PREFIX_ADSIZE) != 0;

	if (insn->mode == INSN_MODE_64) {
		insn->opsize = (insn->rex & REX_W) != 0 ? 8 : other_op ? 2 : 4;
		insn->adsize = other_ad ? 4 : 8;
		return;
	}
	insn->opsize = (insn->mode == INSN_MODE_32) != other_op ? 4 : 2;
	insn->adsize = (insn->mode == INSN_MODE_32) != other_ad ? 4 : 2;
}

/* --- opcode ----------------------------------------------------------------------------------- */

static const struct insn_desc *read_opcode(struct cursor *c, u8 byte)
{
	const struct insn_desc *map = decode_map_1b;

	if (byte == 0x0f) {
		map = decode_map_0f;
		byte = decode_next_u8(c);
		if (c->err == 0 && byte == 0x38) {
			map = decode_map_0f38;
			byte = decode_next_u8(c);
		}
	}
	c->insn->opcode = byte;
	return &map[byte];
}

static void read_modrm(struct cursor *c)
{
	if (!c->has_modrm) {
		c->insn->modrm = decode_next_u8(c);
		c->has_modrm = true;
	}
}

static u8 prefix_index(u8 prefixes)
{
	if ((prefixes & INSN_PREFIX_REP) != 0) {
		return 2;
	}
	if ((prefixes & INSN_PREFIX_REPNE) != 0) {
		return 3;
	}
	return (prefixes & INSN_PREFIX_OPSIZE) != 0;
}

static bool exists_in_mode(const struct insn *insn, const struct insn_desc *d)
{
	return (d->flags & (insn->mode == INSN_MODE_64 ? F_NO64 : F_ONLY64)) == 0;
}

/* Follows selector entries to that of an instruction, reading ModRM when one asks for it. */
static const struct insn_desc *resolve(struct cursor *c, const struct insn_desc *d)
{
	while (d->id >= DESC_BY_REG) {
		u8 index;

		if (d->id == DESC_BY_PREFIX) {
			index = prefix_index(c->insn->prefixes);
		} else {
			read_modrm(c);
			index = d->id == DESC_BY_REG  ? reg_of(c->insn)
				: d->id == DESC_BY_RM ? rm_of(c->insn)
						      : mod_of(c->insn) == 3;
		}
		d = &decode_rows[d->dst][index];
	}
	return d;
}

static bool operand_in_modrm(u8 where)
{
	return where == O_RM || where == O_REG || where == O_CR || where == O_DR;
}

/* --- rules ------------------------------------------------------------------------------------ */

static int check_form(struct cursor *c, const struct insn_desc *d)
{
	const struct insn *insn = c->insn;
	bool is64 = insn->mode == INSN_MODE_64;

	if (d->id == INSN_NONE) {
		return ERR_NOTSUP;
	}
	if ((d->flags & F_NP) != 0 && prefix_index(insn->prefixes) != 0) {
		return ERR_NOTSUP;
	}
	if (d->size == S_BR && is64 && (insn->prefixes & INSN_PREFIX_OPSIZE) != 0) {
		return ERR_NOTSUP; /* AMD and Intel differ here: APM 3 1.2.2, SDM 2 CALL */
	}
	if ((d->flags & F_MEM) != 0 && mod_of(insn) == 3) {
		return ERR_INVAL;
	}
	return 0;
}

/* Operand size where it is not the plain attribute. */
static void adjust_opsize(struct insn *insn, u8 code)
{
	bool is64 = insn->mode == INSN_MODE_64;

	if (code == S_Y) {
		insn->opsize = is64 ? 8 : 4;
	} else if (is64 && (code == S_BR || (code == S_STK && insn->opsize != 2))) {
		insn->opsize = 8;
	}
}

static bool is_mov_cr(u8 id)
{
	return id == INSN_MOV_FROM_CR || id == INSN_MOV_TO_CR;
}

/* LOCK needs a memory destination, except that AMD reads LOCK MOV CR0 as MOV CR8 (APM 3, MOV CRn).
 */
static int check_lock(struct insn *insn, const struct insn_desc *d)
{
	struct insn_operand *cr = insn->id == INSN_MOV_TO_CR ? &insn->dst : &insn->src;

	if ((insn->prefixes & INSN_PREFIX_LOCK) == 0) {
		return 0;
	}
	if (is_mov_cr(insn->id) && cr->reg == 0) {
		cr->reg = 8;
		return 0;
	}
	return (d->flags & F_LOCK) != 0 && insn->dst.kind == OPND_MEM ? 0 : ERR_INVAL;
}

static bool register_exists(const struct insn_operand *o)
{
	if (o->kind == OPND_CR) {
		return o->reg == 0 || (o->reg >= 2 && o->reg <= 4) || o->reg == 8;
	}
	return o->kind != OPND_DR || o->reg < 8;
}

static int finish(struct cursor *c, const struct insn_desc *d)
{
	struct insn *insn = c->insn;

	insn->len = c->pos;
	insn->id = d->id;
	if (!register_exists(&insn->dst) || !register_exists(&insn->src)) {
		return ERR_INVAL;
	}
	return check_lock(insn, d);
}

static int decode(struct cursor *c)
{
	struct insn *insn = c->insn;
	u8 byte = read_prefixes(c);
	const struct insn_desc *d = read_opcode(c, byte);

	if (c->err == 0) {
		set_sizes(insn);
		c->err = exists_in_mode(insn, d) ? 0 : ERR_NOTSUP;
	}
	if (c->err == 0) {
		insn->mem.seg = c->seg == NO_SEG ? SEG_DS : c->seg;
		d = resolve(c, d);
		if (operand_in_modrm(d->dst) || operand_in_modrm(d->src)) {
			read_modrm(c);
		}
	}
	if (c->err == 0) {
		c->err = check_form(c, d);
	}
	if (c->err != 0) {
		return c->err;
	}
	adjust_opsize(insn, d->size);
	if ((d->flags & F_REG) != 0) {
		insn->modrm |= 0xc0;
	}
	if (c->has_modrm && mod_of(insn) != 3) {
		decode_memory(c);
	}
	decode_operands(c, d);
	return c->err != 0 ? c->err : finish(c, d);
}

int insn_decode(const u8 *bytes, size_t n, enum insn_mode mode, struct insn *insn)
{
	struct cursor c = {
		.bytes = bytes,
		.n = (u8)MIN(n, INSN_LEN_MAX),
		.seg = NO_SEG,
		.insn = insn,
	};

	memset(insn, 0, sizeof(*insn));
	insn->mode = (u8)mode;
	insn->mem.base = GPR_NONE;
	insn->mem.index = GPR_NONE;
	insn->mem.scale = 1;
	return decode(&c);
}

int insn_len(const u8 *bytes, size_t n, enum insn_mode mode, enum insn_id expected)
{
	struct insn insn;
	int err = insn_decode(bytes, n, mode, &insn);

	if (err != 0) {
		return err;
	}
	return insn.id == expected ? insn.len : ERR_NOENT;
}
