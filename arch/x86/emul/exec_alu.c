// SPDX-License-Identifier: GPL-2.0-only
/*
 * Integer arithmetic with the flags of the manual (SDM 1 appendix A). Operands come zero-extended
 * from their size, results go so. Flags that the manual leaves undefined keep their value or get
 * that of the one-bit case.
 */
#include "arch/x86/emul/exec_priv.h"

static u64 top_bit(u64 value, u8 size)
{
	return (value >> (8 * size - 1)) & 1;
}

static void put(u64 *rflags, u64 flag, u64 set)
{
	*rflags = set != 0 ? *rflags | flag : *rflags & ~flag;
}

/* Sign, zero and parity of the result's low byte. */
static void put_result(u64 *rflags, u64 r, u8 size)
{
	put(rflags, FLAG_SF, top_bit(r, size));
	put(rflags, FLAG_ZF, r == 0);
	put(rflags, FLAG_PF, (__builtin_popcountll(r & 0xff) & 1) == 0);
}

static u64 add_with_carry(u64 a, u64 b, u64 carry, u8 size, u64 *rflags)
{
	u64 r = (a + b + carry) & size_mask(size);

	put(rflags, FLAG_CF, top_bit((a & b) | ((a | b) & ~r), size));
	put(rflags, FLAG_OF, top_bit((a ^ r) & (b ^ r), size));
	put(rflags, FLAG_AF, (a ^ b ^ r) & 0x10);
	put_result(rflags, r, size);
	return r;
}

static u64 sub_with_borrow(u64 a, u64 b, u64 borrow, u8 size, u64 *rflags)
{
	u64 r = (a - b - borrow) & size_mask(size);

	put(rflags, FLAG_CF, top_bit((~a & b) | ((~a | b) & r), size));
	put(rflags, FLAG_OF, top_bit((a ^ b) & (a ^ r), size));
	put(rflags, FLAG_AF, (a ^ b ^ r) & 0x10);
	put_result(rflags, r, size);
	return r;
}

static u64 logic(u64 r, u8 size, u64 *rflags)
{
	*rflags &= ~(u64)(FLAG_CF | FLAG_OF | FLAG_AF);
	put_result(rflags, r, size);
	return r;
}

u64 alu_add(u64 a, u64 b, u8 size, u64 *rflags)
{
	return add_with_carry(a, b, 0, size, rflags);
}

u64 alu_adc(u64 a, u64 b, u8 size, u64 *rflags)
{
	return add_with_carry(a, b, *rflags & FLAG_CF, size, rflags);
}

u64 alu_sub(u64 a, u64 b, u8 size, u64 *rflags)
{
	return sub_with_borrow(a, b, 0, size, rflags);
}

u64 alu_sbb(u64 a, u64 b, u8 size, u64 *rflags)
{
	return sub_with_borrow(a, b, *rflags & FLAG_CF, size, rflags);
}

u64 alu_and(u64 a, u64 b, u8 size, u64 *rflags)
{
	return logic(a & b, size, rflags);
}

u64 alu_or(u64 a, u64 b, u8 size, u64 *rflags)
{
	return logic(a | b, size, rflags);
}

u64 alu_xor(u64 a, u64 b, u8 size, u64 *rflags)
{
	return logic(a ^ b, size, rflags);
}

u64 alu_not(u64 a, u64 b, u8 size, u64 *rflags)
{
	(void)b;
	(void)rflags;
	return ~a & size_mask(size);
}

u64 alu_neg(u64 a, u64 b, u8 size, u64 *rflags)
{
	(void)b;
	return sub_with_borrow(0, a, 0, size, rflags);
}

/* INC and DEC leave CF alone. */
u64 alu_inc(u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 carry = *rflags & FLAG_CF;
	u64 r = add_with_carry(a, 1, 0, size, rflags);

	(void)b;
	put(rflags, FLAG_CF, carry);
	return r;
}

u64 alu_dec(u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 carry = *rflags & FLAG_CF;
	u64 r = sub_with_borrow(a, 1, 0, size, rflags);

	(void)b;
	put(rflags, FLAG_CF, carry);
	return r;
}

/* --- shifts and rotates: bit by bit, at most 63 times ------------------------------------------
 */

static u64 shift_count(u64 b, u8 size)
{
	return b & (size == 8 ? 63 : 31);
}

/* One step to the left, `in` coming in at the bottom; sets CF and OF. */
static u64 step_left(u64 a, u64 in, u8 size, u64 *rflags)
{
	u64 out = top_bit(a, size);
	u64 r = ((a << 1) | in) & size_mask(size);

	put(rflags, FLAG_CF, out);
	put(rflags, FLAG_OF, top_bit(r, size) ^ out);
	return r;
}

/* One step to the right, `in` coming in at the top; OF: the sign changed. */
static u64 step_right(u64 a, u64 in, u8 size, u64 *rflags)
{
	u64 r = (a >> 1) | (in << (8 * size - 1));

	put(rflags, FLAG_CF, a & 1);
	put(rflags, FLAG_OF, top_bit(a ^ r, size));
	return r;
}

u64 alu_rol(u64 a, u64 b, u8 size, u64 *rflags)
{
	for (u64 n = shift_count(b, size); n > 0; n--) {
		a = step_left(a, top_bit(a, size), size, rflags);
	}
	return a;
}

u64 alu_ror(u64 a, u64 b, u8 size, u64 *rflags)
{
	for (u64 n = shift_count(b, size); n > 0; n--) {
		a = step_right(a, a & 1, size, rflags);
	}
	return a;
}

u64 alu_rcl(u64 a, u64 b, u8 size, u64 *rflags)
{
	for (u64 n = shift_count(b, size); n > 0; n--) {
		a = step_left(a, *rflags & FLAG_CF, size, rflags);
	}
	return a;
}

u64 alu_rcr(u64 a, u64 b, u8 size, u64 *rflags)
{
	for (u64 n = shift_count(b, size); n > 0; n--) {
		a = step_right(a, *rflags & FLAG_CF, size, rflags);
	}
	return a;
}

u64 alu_shl(u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 n = shift_count(b, size);

	if (n == 0) {
		return a;
	}
	for (; n > 0; n--) {
		a = step_left(a, 0, size, rflags);
	}
	put_result(rflags, a, size);
	return a;
}

u64 alu_shr(u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 n = shift_count(b, size);

	if (n == 0) {
		return a;
	}
	for (; n > 0; n--) {
		a = step_right(a, 0, size, rflags);
	}
	put_result(rflags, a, size);
	return a;
}

u64 alu_sar(u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 n = shift_count(b, size);

	if (n == 0) {
		return a;
	}
	for (; n > 0; n--) {
		a = step_right(a, top_bit(a, size), size, rflags);
	}
	put_result(rflags, a, size);
	return a;
}

/* --- bit tests: CF is the bit as it was --------------------------------------------------------
 */

u64 alu_bt(u64 a, u64 b, u8 size, u64 *rflags)
{
	(void)size;
	put(rflags, FLAG_CF, (a >> b) & 1);
	return a;
}

u64 alu_bts(u64 a, u64 b, u8 size, u64 *rflags)
{
	return alu_bt(a, b, size, rflags) | BIT(b);
}

u64 alu_btr(u64 a, u64 b, u8 size, u64 *rflags)
{
	return alu_bt(a, b, size, rflags) & ~BIT(b);
}

u64 alu_btc(u64 a, u64 b, u8 size, u64 *rflags)
{
	return alu_bt(a, b, size, rflags) ^ BIT(b);
}

bool alu_condition(u8 cond, u64 rflags)
{
	bool sign_differs = ((rflags & FLAG_SF) != 0) != ((rflags & FLAG_OF) != 0);
	const bool holds[8] = {
		(rflags & FLAG_OF) != 0,
		(rflags & FLAG_CF) != 0,
		(rflags & FLAG_ZF) != 0,
		(rflags & (FLAG_CF | FLAG_ZF)) != 0,
		(rflags & FLAG_SF) != 0,
		(rflags & FLAG_PF) != 0,
		sign_differs,
		sign_differs || (rflags & FLAG_ZF) != 0,
	};

	return holds[(cond >> 1) & 7] != ((cond & 1) != 0);
}
