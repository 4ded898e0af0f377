// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: instruction decoder and executor. The input is a mode byte, a byte that chooses
 * flags and which accesses fail, instruction bytes, and what registers, memory and ports hold.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86/emul/exec.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { ITERATIONS = 16, ACCESSES_MAX = 4 * ITERATIONS };

struct fuzz_bus {
	struct emul_bus bus;
	const u8 *values; /* what reads yield, in turn */
	size_t n, next;
	u32 accesses, fail_at;
};

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

static u8 next_byte(struct fuzz_bus *f)
{
	return f->n == 0 ? 0 : f->values[f->next++ % f->n];
}

static u64 next_u64(struct fuzz_bus *f)
{
	u64 v = 0;

	for (int i = 0; i < 8; i++) {
		v = v << 8 | next_byte(f);
	}
	return v;
}

static int begin(struct emul_bus *bus, u8 size)
{
	struct fuzz_bus *f = container_of(bus, struct fuzz_bus, bus);

	require(size == 1 || size == 2 || size == 4 || size == 8);
	require(++f->accesses <= ACCESSES_MAX);
	if (f->accesses == f->fail_at) {
		bus->fault = (struct emul_fault){EMUL_VECTOR_PF, true, 0, 0};
		return ERR_FAULT;
	}
	return 0;
}

static int fuzz_read(struct emul_bus *bus, gva_t at, u8 size, bool for_write, u64 *value)
{
	(void)at;
	(void)for_write;
	*value = next_u64(container_of(bus, struct fuzz_bus, bus));
	return begin(bus, size);
}

static int fuzz_write(struct emul_bus *bus, gva_t at, u8 size, u64 value)
{
	(void)at;
	require(size == 8 || value >> (8 * size) == 0);
	return begin(bus, size);
}

static int fuzz_probe(struct emul_bus *bus, gva_t at, u8 size)
{
	(void)at;
	return begin(bus, size);
}

static int fuzz_in(struct emul_bus *bus, u16 port, u8 size, u32 *value)
{
	(void)port;
	*value = (u32)next_u64(container_of(bus, struct fuzz_bus, bus));
	require(size <= 4);
	return begin(bus, size);
}

static int fuzz_out(struct emul_bus *bus, u16 port, u8 size, u32 value)
{
	(void)port;
	(void)value;
	require(size <= 4);
	return begin(bus, size);
}

static void execute(const struct insn *insn, u8 choice, const u8 *data, size_t size)
{
	struct fuzz_bus f = {
		.bus = {fuzz_read, fuzz_write, fuzz_probe, fuzz_in, fuzz_out, {0}},
		.values = data,
		.n = size,
		.fail_at = choice >> 4,
	};
	struct guest_state gs = {.cr0 = choice & 1, .cr4 = (u64)(choice & 2) << 11};
	u64 gpr[GPR_COUNT], rip;
	int err;

	for (int i = 0; i < GPR_COUNT; i++) {
		gpr[i] = next_u64(&f);
	}
	for (int i = 0; i < SEG_COUNT; i++) {
		gs.seg[i] = (struct virt_segment){0, (u32)next_u64(&f), (u32)next_u64(&f),
						  next_u64(&f)};
	}
	gs.rflags = next_u64(&f);
	gs.cpl = choice >> 2 & 3;
	gs.rip = rip = next_u64(&f);
	err = emul_exec(insn, gpr, &gs, &f.bus, ITERATIONS);
	require(err == 0 || err == ERR_AGAIN || err == ERR_FAULT || err == ERR_NOTSUP);
	require(err == 0 || gs.rip == rip);
	require(err != ERR_FAULT || f.bus.fault.vector != 0);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct insn insn;
	u8 *exact;
	size_t n;
	int err;

	if (size < 2) {
		return 0;
	}
	n = MIN(size - 2, (size_t)INSN_LEN_MAX);
	/* A buffer of exactly n bytes, so that the sanitizer sees any read behind its end. */
	exact = malloc(n != 0 ? n : 1);
	memcpy(exact, data + 2, n);
	err = insn_decode(exact, n, (enum insn_mode)(data[0] % 3), &insn);
	free(exact);
	require(err != ERR_AGAIN || n < INSN_LEN_MAX);
	if (err == 0) {
		require(insn.len >= 1 && insn.len <= n && insn.id != INSN_NONE);
		execute(&insn, data[1], data + 2 + n, size - 2 - n);
	}
	return 0;
}
