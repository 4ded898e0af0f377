// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch/x86/emul/exec: what the comparison with a CPU (emul_native.c) does not reach: 16- and 32-bit
 * code, segmentation, faults and what they leave behind, repetition in pieces, ports.
 */
#include "tests/unit/unit.h"
#include "arch/x86/emul/exec.h"
#include "arch/x86/regs.h"

#define MEMORY_SIZE 0x20000
#define FLAG_CF	    BIT(0)
#define FLAG_ZF	    BIT(6)
#define FLAG_TF	    BIT(8)
#define FLAG_DF	    BIT(10)
#define FLAG_RF	    BIT(16)
#define FLAG_AC	    BIT(18)

enum { DATA_RW = 0xc093, DATA_RO = 0xc091, DATA_DOWN = 0xc097, CODE_XR = 0xc09b, CODE_X = 0xc099 };

/* A guest with 128 KiB of flat memory from address 0, where one access can be made to fail. */
struct guest {
	struct emul_bus bus;
	u64 gpr[GPR_COUNT];
	struct guest_state gs;
	u8 memory[MEMORY_SIZE];
	int fail_at; /* access that page-faults, counted from 0; -1: none */
	int fail_with;
	int accesses, reads, reads_for_write, writes, probes;
	u32 in_value, out_sum;
	u16 port;
	u8 port_size;
	int ins, outs;
};

static struct guest g;

static int access_begin(struct guest *w, gva_t at, u8 size)
{
	assert_true(size == 1 || size == 2 || size == 4 || size == 8);
	if (w->accesses++ == w->fail_at) {
		w->bus.fault = (struct emul_fault){EMUL_VECTOR_PF, true, 2, at.v};
		return w->fail_with;
	}
	assert_in_range(at.v, 0, MEMORY_SIZE - size);
	return 0;
}

static int guest_read(struct emul_bus *bus, gva_t at, u8 size, bool for_write, u64 *value)
{
	struct guest *w = container_of(bus, struct guest, bus);
	int err = access_begin(w, at, size);

	if (err == 0) {
		*value = ~0ull; /* upper bytes are not to be relied on */
		memcpy(value, w->memory + at.v, size);
		w->reads++;
		w->reads_for_write += for_write;
	}
	return err;
}

static int guest_write(struct emul_bus *bus, gva_t at, u8 size, u64 value)
{
	struct guest *w = container_of(bus, struct guest, bus);
	int err = access_begin(w, at, size);

	if (err == 0) {
		assert_true(size == 8 || value >> (8 * size) == 0);
		memcpy(w->memory + at.v, &value, size);
		w->writes++;
	}
	return err;
}

static int guest_probe(struct emul_bus *bus, gva_t at, u8 size)
{
	struct guest *w = container_of(bus, struct guest, bus);

	w->probes++;
	return access_begin(w, at, size);
}

static int guest_in(struct emul_bus *bus, u16 port, u8 size, u32 *value)
{
	struct guest *w = container_of(bus, struct guest, bus);

	w->port = port;
	w->port_size = size;
	w->ins++;
	*value = w->in_value++;
	return 0;
}

static int guest_out(struct emul_bus *bus, u16 port, u8 size, u32 value)
{
	struct guest *w = container_of(bus, struct guest, bus);

	w->port = port;
	w->port_size = size;
	w->outs++;
	w->out_sum += value;
	return 0;
}

/* Flat segments; 16-bit is real mode with bases of selector * 16, all zero. */
static void guest_init(enum insn_mode mode)
{
	memset(&g, 0, sizeof(g));
	g.bus = (struct emul_bus){guest_read, guest_write, guest_probe, guest_in, guest_out, {0}};
	g.fail_at = -1;
	g.fail_with = ERR_FAULT;
	g.gs.rip = 0x1000;
	g.gs.rflags = 2;
	g.gs.cr0 = mode == INSN_MODE_16 ? 0 : CR0_PE;
	g.gs.shadow = true;
	for (int i = 0; i < SEG_COUNT; i++) {
		g.gs.seg[i].attr = mode == INSN_MODE_16 ? 0x93 : DATA_RW;
		g.gs.seg[i].limit = mode == INSN_MODE_16 ? 0xffff : 0xffffffff;
	}
	if (mode != INSN_MODE_16) {
		g.gs.seg[SEG_CS].attr = CODE_XR;
	}
	if (mode == INSN_MODE_64) {
		g.gs.efer = BIT(10);
		g.gs.seg[SEG_CS].attr = 0xa09b;
	}
}

static int run_bytes(const void *bytes, size_t n, u32 iterations)
{
	struct insn insn;
	enum insn_mode mode = insn_mode_of(g.gs.efer, g.gs.seg[SEG_CS].attr);

	assert_int_equal(insn_decode(bytes, n, mode, &insn), 0);
	assert_int_equal(insn.len, n);
	return emul_exec(&insn, g.gpr, &g.gs, &g.bus, iterations);
}

#define RUN(bytes)	 run_bytes(bytes, sizeof(bytes) - 1, 1000)
#define RUN_N(bytes, it) run_bytes(bytes, sizeof(bytes) - 1, it)

static u64 load(u64 at, u8 size)
{
	u64 v = 0;

	memcpy(&v, g.memory + at, size);
	return v;
}

static void store(u64 at, u64 value, u8 size)
{
	memcpy(g.memory + at, &value, size);
}

static void assert_fault(int err, u8 vector)
{
	assert_int_equal(err, ERR_FAULT);
	assert_int_equal(g.bus.fault.vector, vector);
	assert_int_equal(g.gs.rip, 0x1000);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void a_register_is_read_once_and_written_once(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RBX] = 0x2000;
	store(0x2000, 0xf0, 4);
	assert_int_equal(RUN("\x83\x0b\x05"), 0); /* orl $5,(%rbx) */
	assert_int_equal(load(0x2000, 4), 0xf5);
	assert_int_equal(g.reads, 1);
	assert_int_equal(g.reads_for_write, 1);
	assert_int_equal(g.writes, 1);
	assert_int_equal(g.gs.rip, 0x1003);
	assert_false(g.gs.shadow);

	assert_int_equal(RUN("\x83\x3b\x05"), 0); /* cmpl $5,(%rbx) */
	assert_int_equal(g.reads, 2);
	assert_int_equal(g.reads_for_write, 1);
	assert_int_equal(g.writes, 1);

	assert_int_equal(RUN("\x89\x03"), 0); /* mov %eax,(%rbx) */
	assert_int_equal(g.reads, 2);
	assert_int_equal(g.writes, 2);
}

static void what_is_not_executed_says_so(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	assert_int_equal(RUN("\x0f\xa2"), ERR_NOTSUP);
	assert_int_equal(RUN("\x48\x0f\xc7\x0b"), ERR_NOTSUP); /* cmpxchg16b */
	assert_int_equal(g.accesses, 0);
	assert_int_equal(g.gs.rip, 0x1000);
}

static void other_errors_of_the_bus_come_through(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.fail_at = 0;
	g.fail_with = ERR_LIMIT;
	assert_int_equal(RUN("\x89\x03"), ERR_LIMIT);
	assert_int_equal(g.gs.rip, 0x1000);
}

/* --- faults ----------------------------------------------------------------------------------- */

/* Every instruction but REP leaves registers and flags alone when any of its accesses fails. */
static void a_fault_changes_no_register(void **state)
{
	static const char *const code[] = {
		"\x01\x03",	"\xf7\x1b",	"\x87\x03", "\x0f\xc1\x03", "\x0f\xb1\x03",
		"\x0f\xc7\x0b", "\xff\x33",	"\x8f\x03", "\xff\x13",	    "\xff\x23",
		"\xa5",		"\xa7",		"\xab",	    "\xad",	    "\xaf",
		"\x0f\xab\x03", "\x0f\x44\x03", "\x8b\x03", "\xd1\x23",	    "\x0f\xb6\x03",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(code); i++) {
		for (int fail_at = 0; fail_at < 4; fail_at++) {
			u64 gpr[GPR_COUNT];
			struct guest_state gs;
			int err;

			guest_init(INSN_MODE_64);
			for (int r = 0; r < GPR_COUNT; r++) {
				g.gpr[r] = 0x3000 + 64 * (u64)r;
			}
			g.gs.rflags = 2 | FLAG_CF;
			memcpy(gpr, g.gpr, sizeof(gpr));
			gs = g.gs;
			g.fail_at = fail_at;
			err = run_bytes(code[i], strlen(code[i]), 1000);
			if (g.accesses <= fail_at) {
				assert_int_equal(err, 0);
				assert_true(fail_at > 0);
				break;
			}
			assert_fault(err, EMUL_VECTOR_PF);
			assert_memory_equal(gpr, g.gpr, sizeof(gpr));
			assert_memory_equal(&gs, &g.gs, sizeof(gs));
		}
	}
}

static void segments_limit_what_can_be_reached(void **state)
{
	static const struct {
		u32 attr, limit, offset;
		bool read, write;
	} cases[] = {
		{DATA_RW, 0xfff, 0xffc, true, true},
		{DATA_RW, 0xfff, 0xffd, false, false},
		{DATA_RO, 0xfff, 0x10, true, false},
		{CODE_XR, 0xfff, 0x10, true, false},
		{CODE_X, 0xfff, 0x10, false, false},
		{DATA_DOWN, 0xfff, 0x1000, true, true},
		{DATA_DOWN, 0xfff, 0xfff, false, false},
		{DATA_DOWN & ~0x4000u, 0xfff, 0xfffd, false, false},
		{DATA_DOWN, 0xfff, 0xfffd, true, true},
		{DATA_RW | 0x10000, 0xffffffff, 0, false, false},
		{DATA_RW, 0xffffffff, 0xfffffffd, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err;

		guest_init(INSN_MODE_32);
		g.gs.seg[SEG_DS].attr = cases[i].attr;
		g.gs.seg[SEG_DS].limit = cases[i].limit;
		g.gpr[GPR_RBX] = cases[i].offset;
		err = RUN("\x8b\x03");
		assert_int_equal(err == 0, cases[i].read);
		g.gs.rip = 0x1000;
		if (err != 0) {
			assert_fault(err, EMUL_VECTOR_GP);
		}
		assert_int_equal(RUN("\x89\x03") == 0, cases[i].write);
	}
	guest_init(INSN_MODE_32);
	g.gs.seg[SEG_SS].limit = 0xfff;
	g.gpr[GPR_RBP] = 0x1000;
	assert_fault(RUN("\x8b\x45\x00"), EMUL_VECTOR_SS);
	/* In real mode and virtual-8086 mode code may be written. */
	guest_init(INSN_MODE_16);
	g.gs.seg[SEG_CS].attr = CODE_XR & ~0x4000u;
	assert_int_equal(RUN("\x2e\x89\x07"), 0);
	g.gs.cr0 = CR0_PE;
	g.gs.rip = 0x1000;
	assert_fault(RUN("\x2e\x89\x07"), EMUL_VECTOR_GP);
	g.gs.rflags |= BIT(17);
	assert_int_equal(RUN("\x2e\x89\x07"), 0);
}

static void addresses_of_64_bit_code(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gs.seg[SEG_DS].base = 0x5000; /* ignored */
	g.gs.seg[SEG_DS].attr = DATA_RO | 0x10000;
	g.gs.seg[SEG_FS].base = 0x4000;
	g.gpr[GPR_RBX] = 0x100;
	assert_int_equal(RUN("\x64\xc6\x03\x77"), 0);
	assert_int_equal(g.memory[0x4100], 0x77);
	assert_int_equal(RUN("\xc6\x03\x78"), 0);
	assert_int_equal(g.memory[0x100], 0x78);

	g.gs.rip = 0x1000;
	g.gpr[GPR_RBX] = 0x7ffffffffffd;
	assert_fault(RUN("\x8b\x03"), EMUL_VECTOR_GP);
	assert_true(g.bus.fault.has_error && g.bus.fault.error == 0);
	g.gpr[GPR_RBP] = 0x800000000000;
	assert_fault(RUN("\x8b\x45\x00"), EMUL_VECTOR_SS);
	assert_int_equal(g.accesses, 2);
	g.gs.cr4 = BIT(12); /* LA57: canonical now, and the bus is asked */
	g.fail_at = 2;
	assert_fault(RUN("\x8b\x45\x00"), EMUL_VECTOR_PF);
	assert_int_equal(g.bus.fault.address, 0x800000000000);
}

static void alignment_is_checked_for_users(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RBX] = 0x2001;
	g.gs.cr0 |= CR0_AM;
	g.gs.rflags |= FLAG_AC;
	assert_int_equal(RUN("\x8b\x03"), 0);
	g.gs.cpl = 3;
	g.gs.rip = 0x1000;
	assert_fault(RUN("\x8b\x03"), EMUL_VECTOR_AC);
	assert_int_equal(RUN("\x8a\x03"), 0);
}

/* --- 16-bit code ------------------------------------------------------------------------------ */

static void real_mode_addresses(void **state)
{
	(void)state;
	guest_init(INSN_MODE_16);
	g.gs.seg[SEG_DS].base = 0x10000;
	g.gs.seg[SEG_SS].base = 0x8000;
	g.gpr[GPR_RBX] = 0xabcd8000;
	g.gpr[GPR_RSI] = 0xffff9000;
	store(0x11000 + 0x10, 0x55aa, 2);
	assert_int_equal(RUN("\x8b\x40\x10"), 0); /* mov 0x10(%bx,%si),%ax: wraps at 64 KiB */
	assert_int_equal(g.gpr[GPR_RAX], 0x55aa);
	g.gpr[GPR_RBP] = 0x20;
	assert_int_equal(RUN("\xc6\x46\xf0\x99"), 0); /* movb $0x99,-16(%bp) */
	assert_int_equal(g.memory[0x8010], 0x99);
	g.gpr[GPR_RBX] = 0xffff;
	g.gs.rip = 0x1000;
	assert_fault(RUN("\x8b\x07"), EMUL_VECTOR_GP);
}

static void stack_of_16_bits(void **state)
{
	(void)state;
	guest_init(INSN_MODE_16);
	g.gpr[GPR_RSP] = 0x12340002;
	g.gpr[GPR_RBX] = 0x3000;
	store(0x3000, 0xbeef, 2);
	assert_int_equal(RUN("\xff\x37"), 0); /* push (%bx) */
	assert_int_equal(g.gpr[GPR_RSP], 0x12340000);
	assert_int_equal(load(0, 2), 0xbeef);
	assert_int_equal(RUN("\xff\x37"), 0);
	assert_int_equal(g.gpr[GPR_RSP], 0x1234fffe);
	g.gpr[GPR_RBX] = 0x3100;
	assert_int_equal(RUN("\x8f\x07"), 0); /* pop (%bx) */
	assert_int_equal(load(0x3100, 2), 0xbeef);
	assert_int_equal(g.gpr[GPR_RSP], 0x12340000);
}

static void pop_addresses_with_the_new_stack_pointer(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RSP] = 0x4000;
	store(0x4000, 0x1122334455667788, 8);
	assert_int_equal(RUN("\x8f\x44\x24\x10"), 0); /* pop 16(%rsp) */
	assert_int_equal(g.gpr[GPR_RSP], 0x4008);
	assert_true(load(0x4018, 8) == 0x1122334455667788);
}

static void instruction_pointer_of_32_bits(void **state)
{
	(void)state;
	guest_init(INSN_MODE_32);
	g.gs.rip = 0xffffffff;
	assert_int_equal(RUN("\x89\x03"), 0);
	assert_int_equal(g.gs.rip, 1);
}

/* --- branches --------------------------------------------------------------------------------- */

static void branches_through_memory(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RBX] = 0x2000;
	g.gpr[GPR_RSP] = 0x4000;
	store(0x2000, 0xffff800000001234, 8);
	assert_int_equal(RUN("\xff\x13"), 0);
	assert_true(g.gs.rip == 0xffff800000001234);
	assert_int_equal(g.gpr[GPR_RSP], 0x3ff8);
	assert_int_equal(load(0x3ff8, 8), 0x1002);
	assert_int_equal(RUN("\xff\x23"), 0);
	assert_true(g.gs.rip == 0xffff800000001234);

	g.gs.rip = 0x1000;
	store(0x2000, 0x800000000000, 8);
	assert_fault(RUN("\xff\x23"), EMUL_VECTOR_GP);
	assert_fault(RUN("\xff\x13"), EMUL_VECTOR_GP);
	assert_int_equal(g.gpr[GPR_RSP], 0x3ff8);

	guest_init(INSN_MODE_32);
	g.gs.seg[SEG_CS].limit = 0xffff;
	g.gpr[GPR_RBX] = 0x2000;
	store(0x2000, 0x10000, 4);
	assert_fault(RUN("\xff\x23"), EMUL_VECTOR_GP);
	assert_int_equal(RUN("\x66\xff\x23"), 0);
	assert_int_equal(g.gs.rip, 0);
}

/* --- strings ---------------------------------------------------------------------------------- */

static void repetition_in_pieces(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RSI] = 0x2000;
	g.gpr[GPR_RDI] = 0x3000;
	g.gpr[GPR_RCX] = 10;
	memset(g.memory + 0x2000, 0x5a, 40);
	assert_int_equal(RUN_N("\xf3\xa5", 4), ERR_AGAIN);
	assert_int_equal(g.gs.rip, 0x1000);
	assert_true((g.gs.rflags & FLAG_RF) != 0);
	assert_int_equal(g.gpr[GPR_RCX], 6);
	assert_int_equal(g.gpr[GPR_RSI], 0x2010);
	assert_int_equal(g.gpr[GPR_RDI], 0x3010);
	g.gs.rflags |= FLAG_TF;
	assert_int_equal(RUN_N("\xf3\xa5", 4), ERR_AGAIN); /* one at a time when stepping */
	assert_int_equal(g.gpr[GPR_RCX], 5);
	g.gs.rflags &= ~FLAG_TF;
	assert_int_equal(RUN_N("\xf3\xa5", 5), 0);
	assert_int_equal(g.gs.rip, 0x1002);
	assert_true((g.gs.rflags & FLAG_RF) == 0);
	assert_memory_equal(g.memory + 0x3000, g.memory + 0x2000, 40);
	assert_int_equal(load(0x3028, 1), 0);
}

static void a_fault_in_a_repetition_keeps_what_is_done(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gs.rflags |= FLAG_CF;
	g.gpr[GPR_RAX] = 0x11;
	g.gpr[GPR_RDI] = 0x3000;
	g.gpr[GPR_RCX] = 10;
	g.fail_at = 3;
	assert_fault(RUN("\xf2\xae"), EMUL_VECTOR_PF); /* repne scasb */
	assert_int_equal(g.gpr[GPR_RCX], 7);
	assert_int_equal(g.gpr[GPR_RDI], 0x3003);
	assert_int_equal(g.gs.rflags, 2 | FLAG_CF); /* as before the instruction: SDM 2 REP */
	assert_int_equal(g.bus.fault.address, 0x3003);
}

static void index_registers_wrap_at_the_address_size(void **state)
{
	(void)state;
	guest_init(INSN_MODE_16);
	g.gs.rflags |= FLAG_DF;
	g.gpr[GPR_RAX] = 0x42;
	g.gpr[GPR_RDI] = 0x77770000;
	g.gpr[GPR_RCX] = 0x99990002;
	assert_int_equal(RUN("\xf3\xaa"), 0);
	assert_int_equal(g.gpr[GPR_RDI], 0x7777fffe);
	assert_int_equal(g.gpr[GPR_RCX], 0x99990000);
	assert_int_equal(g.memory[0], 0x42);
	assert_int_equal(g.memory[0xffff], 0x42);
}

static void string_segments(void **state)
{
	(void)state;
	guest_init(INSN_MODE_32);
	g.gs.seg[SEG_ES].base = 0x4000;
	g.gs.seg[SEG_DS].base = 0x5000;
	g.gs.seg[SEG_GS].base = 0x6000;
	store(0x5000, 0x11, 1);
	store(0x6001, 0x22, 1);
	assert_int_equal(RUN("\xa4"), 0);
	assert_int_equal(RUN("\x65\xa4"), 0); /* the override is the source's */
	assert_int_equal(load(0x4000, 2), 0x2211);
	g.gs.seg[SEG_ES].attr = DATA_RO;
	g.gs.rip = 0x1000;
	g.reads = 0;
	assert_fault(RUN("\xa4"), EMUL_VECTOR_GP);
	assert_int_equal(g.reads, 0); /* nothing was taken from a device in vain */
}

/* --- ports ------------------------------------------------------------------------------------ */

static void ports(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.in_value = 0x12345678;
	g.gpr[GPR_RAX] = ~0ull;
	g.gpr[GPR_RDX] = 0xffff03f8;
	assert_int_equal(RUN("\xec"), 0);
	assert_true(g.gpr[GPR_RAX] == 0xffffffffffffff78);
	assert_int_equal(g.port, 0x3f8);
	assert_int_equal(g.port_size, 1);
	assert_int_equal(RUN("\xe5\xcf"), 0);
	assert_true(g.gpr[GPR_RAX] == 0x12345679);
	assert_int_equal(g.port, 0xcf);
	assert_int_equal(g.port_size, 4);
	assert_int_equal(RUN("\x66\xef"), 0);
	assert_int_equal(g.out_sum, 0x5679);
	assert_int_equal(g.port_size, 2);
	assert_int_equal(RUN("\x48\xe7\x10"), 0); /* REX.W does not make it 8 bytes */
	assert_int_equal(g.port_size, 4);
}

static void string_ports(void **state)
{
	(void)state;
	guest_init(INSN_MODE_64);
	g.gpr[GPR_RDX] = 0x1f0;
	g.gpr[GPR_RDI] = 0x2000;
	g.gpr[GPR_RCX] = 3;
	g.in_value = 0x10;
	assert_int_equal(RUN("\xf3\x66\x6d"), 0); /* rep insw */
	assert_int_equal(load(0x2000, 8), 0x001200110010);
	assert_int_equal(g.gpr[GPR_RDI], 0x2006);
	g.gpr[GPR_RSI] = 0x2000;
	g.gpr[GPR_RCX] = 3;
	assert_int_equal(RUN("\xf2\x66\x6f"), 0); /* rep outsw */
	assert_int_equal(g.out_sum, 0x33);
	assert_int_equal(g.gpr[GPR_RSI], 0x2006);
	/* The destination faults before the port is read. */
	g.gpr[GPR_RCX] = 3;
	g.ins = 0;
	g.gs.rip = 0x1000;
	g.fail_at = g.accesses;
	assert_fault(RUN("\xf3\x6c"), EMUL_VECTOR_PF);
	assert_int_equal(g.ins, 0);
	assert_int_equal(g.gpr[GPR_RCX], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_register_is_read_once_and_written_once),
		cmocka_unit_test(what_is_not_executed_says_so),
		cmocka_unit_test(other_errors_of_the_bus_come_through),
		cmocka_unit_test(a_fault_changes_no_register),
		cmocka_unit_test(segments_limit_what_can_be_reached),
		cmocka_unit_test(addresses_of_64_bit_code),
		cmocka_unit_test(alignment_is_checked_for_users),
		cmocka_unit_test(real_mode_addresses),
		cmocka_unit_test(stack_of_16_bits),
		cmocka_unit_test(pop_addresses_with_the_new_stack_pointer),
		cmocka_unit_test(instruction_pointer_of_32_bits),
		cmocka_unit_test(branches_through_memory),
		cmocka_unit_test(repetition_in_pieces),
		cmocka_unit_test(a_fault_in_a_repetition_keeps_what_is_done),
		cmocka_unit_test(index_registers_wrap_at_the_address_size),
		cmocka_unit_test(string_segments),
		cmocka_unit_test(ports),
		cmocka_unit_test(string_ports),
	};

	return cmocka_run_group_tests_name("emul_exec", tests, NULL, NULL);
}
