// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch/x86/emul/exec against the CPU this test runs on: random instructions in 64-bit mode, with
 * random registers, flags and memory, executed by both; registers, defined flags and memory must
 * agree. EMUL_ROUNDS=n makes it n times as long.
 */
#define _GNU_SOURCE
#include "tests/unit/unit.h"
#include "arch/x86/emul/exec.h"

#include <Zydis/Zydis.h>
#include <cpuid.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* Below 2 GiB, so that 32-bit addresses reach it. */
#define DATA	  0x20000000ul
#define DATA_SIZE 1024
#define CODE	  0x21000000ul

/* The page at 0x21001000 that the assembly below names by number. */
struct native {
	u64 gpr[GPR_COUNT]; /* 0x000 */
	u64 rflags;	    /* 0x080 */
	u64 back;	    /* 0x088: where the code jumps when it is done */
	u64 host_rsp;	    /* 0x090 */
	u64 code;	    /* 0x098 */
	u8 stack[512];	    /* 0x0a0 .. 0x2a0 */
};
#define NATIVE ((struct native *)0x21001000ul)
static_assert(offsetof(struct native, code) == 0x98, "the assembly knows the layout");

void native_enter(void);
void native_back(void);

__asm__(".text\n"
	"native_enter:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rsp, 0x21001090\n"
	"	mov $0x210012a0, %esp\n"
	"	pushq 0x21001080\n"
	"	popfq\n"
	"	mov 0x21001000, %rax; mov 0x21001008, %rcx; mov 0x21001010, %rdx\n"
	"	mov 0x21001018, %rbx; mov 0x21001020, %rsp; mov 0x21001028, %rbp\n"
	"	mov 0x21001030, %rsi; mov 0x21001038, %rdi; mov 0x21001040, %r8\n"
	"	mov 0x21001048, %r9; mov 0x21001050, %r10; mov 0x21001058, %r11\n"
	"	mov 0x21001060, %r12; mov 0x21001068, %r13; mov 0x21001070, %r14\n"
	"	mov 0x21001078, %r15\n"
	"	jmp *0x21001098\n"
	"native_back:\n"
	"	mov %rax, 0x21001000; mov %rcx, 0x21001008; mov %rdx, 0x21001010\n"
	"	mov %rbx, 0x21001018; mov %rsp, 0x21001020; mov %rbp, 0x21001028\n"
	"	mov %rsi, 0x21001030; mov %rdi, 0x21001038; mov %r8, 0x21001040\n"
	"	mov %r9, 0x21001048; mov %r10, 0x21001050; mov %r11, 0x21001058\n"
	"	mov %r12, 0x21001060; mov %r13, 0x21001068; mov %r14, 0x21001070\n"
	"	mov %r15, 0x21001078\n"
	"	mov $0x210012a0, %esp\n"
	"	pushfq\n"
	"	popq 0x21001080\n"
	"	cld\n"
	"	mov 0x21001090, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, DF = 0x400, OF = 0x800 };
#define STATUS (CF | PF | AF | ZF | SF | OF)

static u64 random_state = 0x2545f4914f6cdd1dull;

static u64 random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x9e3779b97f4a7c15ull;
}

static bool one_in(u32 n)
{
	return (random_u64() >> 33) % n == 0;
}

/* --- one case --------------------------------------------------------------------------------- */

struct test_case {
	struct emul_bus bus;
	u8 bytes[INSN_LEN_MAX];
	struct insn insn;
	u64 gpr[GPR_COUNT];
	u64 rflags;
	u8 memory[DATA_SIZE];
	u32 reads, writes;
};

static int case_read(struct emul_bus *bus, gva_t at, u8 size, bool for_write, u64 *value)
{
	struct test_case *c = container_of(bus, struct test_case, bus);

	(void)for_write;
	assert_in_range(at.v, DATA, DATA + DATA_SIZE - size);
	*value = 0;
	memcpy(value, c->memory + (at.v - DATA), size);
	c->reads++;
	return 0;
}

static int case_write(struct emul_bus *bus, gva_t at, u8 size, u64 value)
{
	struct test_case *c = container_of(bus, struct test_case, bus);

	assert_in_range(at.v, DATA, DATA + DATA_SIZE - size);
	memcpy(c->memory + (at.v - DATA), &value, size);
	c->writes++;
	return 0;
}

static int case_probe_write(struct emul_bus *bus, gva_t at, u8 size)
{
	(void)bus;
	assert_in_range(at.v, DATA, DATA + DATA_SIZE - size);
	return 0;
}

static bool has_movbe;

/* Whether it can be tried in user mode, inside the two pages. */
static bool is_harmless(const struct insn *insn)
{
	if (insn->id > INSN_SCAS || insn->id == INSN_CALL || insn->id == INSN_JMP) {
		return false;
	}
	if (insn->id == INSN_MOVBE && !has_movbe) {
		return false;
	}
	if (insn->id == INSN_CMPXCHG8B && insn->dst.size == 16) {
		return false;
	}
	return insn->mem.seg < SEG_FS;
}

static bool has_mem(const struct insn *insn)
{
	return insn->dst.kind == OPND_MEM || insn->src.kind == OPND_MEM;
}

/* A new instruction: one opcode of the maps, random in all else. */
static void random_instruction(struct test_case *c)
{
	static const u8 prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x66, 0x67};
	size_t n;

	do {
		n = 0;
		for (size_t i = 0; i < sizeof(c->bytes); i++) {
			c->bytes[i] = (u8)random_u64();
		}
		while (n < 4 && one_in(2)) {
			c->bytes[n++] = prefixes[random_u64() % ARRAY_SIZE(prefixes)];
		}
		if (one_in(2)) {
			c->bytes[n++] = 0x40 | (u8)(random_u64() & 15);
		}
		if (one_in(3)) {
			c->bytes[n++] = 0x0f;
			if (one_in(32)) {
				c->bytes[n++] = 0x38;
				c->bytes[n++] = 0xf0 | (u8)one_in(2);
			}
		}
	} while (insn_decode(c->bytes, sizeof(c->bytes), INSN_MODE_64, &c->insn) != 0 ||
		 !is_harmless(&c->insn));
}

/* Writes the displacement that makes the operand, which has no base, be at `target`. */
static bool patch_displacement(struct test_case *c, u64 target)
{
	ZydisDecodedInstruction z;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecoder decoder;
	u64 disp = target;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, c->bytes, sizeof(c->bytes), &z, ops)) ||
	    z.raw.disp.size == 0) {
		return false;
	}
	if (c->insn.mem.rip_relative) {
		disp -= CODE + c->insn.len;
	}
	if (c->insn.mem.index != GPR_NONE) {
		disp -= c->gpr[c->insn.mem.index] * c->insn.mem.scale;
	}
	memcpy(c->bytes + z.raw.disp.offset, &disp, z.raw.disp.size / 8);
	return insn_decode(c->bytes, sizeof(c->bytes), INSN_MODE_64, &c->insn) == 0;
}

static u64 effective(const struct test_case *c)
{
	const struct insn_mem *m = &c->insn.mem;
	u64 a = m->disp + (m->rip_relative ? CODE + c->insn.len : 0);

	a += m->base != GPR_NONE ? c->gpr[m->base] : 0;
	a += m->index != GPR_NONE ? c->gpr[m->index] * m->scale : 0;
	return c->insn.adsize == 4 ? (u32)a : a;
}

/* Chooses registers or displacement so that the memory operand is inside the data. */
static bool aim(struct test_case *c, u64 target)
{
	struct insn_mem *m = &c->insn.mem;

	if (m->index != GPR_NONE && m->base == GPR_NONE) {
		c->gpr[m->index] = random_u64() & 0xffff;
	}
	if (m->base == GPR_NONE) {
		if (!patch_displacement(c, target)) {
			return false;
		}
	} else {
		c->gpr[m->base] += target - effective(c);
		if (c->insn.adsize == 4) {
			c->gpr[m->base] ^= random_u64() << 32;
		}
	}
	return effective(c) == target;
}

static u64 random_value(void)
{
	static const u64 corners[] = {0,	  1,	      0x7f,	  0x80,
				      0xff,	  0x7fff,     0x8000,	  0xffff,
				      0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
				      1ull << 63, ~0ull};

	return one_in(4) ? corners[(random_u64() >> 5) % ARRAY_SIZE(corners)] : random_u64();
}

static void random_string_registers(struct test_case *c)
{
	bool rep = (c->insn.prefixes & (INSN_PREFIX_REP | INSN_PREFIX_REPNE)) != 0;
	u64 count = random_u64() % 20;
	/* Processors differ in whether a repetition of none clears the upper halves. */
	u64 junk = c->insn.adsize == 4 && (!rep || count != 0) ? ~0ull << 32 : 0;

	c->gpr[GPR_RSI] = (DATA + 400 + random_u64() % 128) | (random_u64() & junk);
	c->gpr[GPR_RDI] = (DATA + 400 + random_u64() % 128) | (random_u64() & junk);
	if (rep) {
		c->gpr[GPR_RCX] = count | (random_u64() & junk);
	}
}

/* Makes what is compared equal now and then. */
static void favour_equality(struct test_case *c)
{
	u8 *p;

	if (one_in(2) || !has_mem(&c->insn)) {
		return;
	}
	p = c->memory + (effective(c) - DATA);
	if (c->insn.id == INSN_CMPXCHG) {
		memcpy(p, &c->gpr[GPR_RAX], c->insn.dst.size);
	} else if (c->insn.id == INSN_CMPXCHG8B) {
		memcpy(p, &c->gpr[GPR_RAX], 4);
		memcpy(p + 4, &c->gpr[GPR_RDX], 4);
	}
}

static bool is_bit_string(const struct insn *insn)
{
	return insn->id >= INSN_BT && insn->id <= INSN_BTC && insn->src.kind == OPND_GPR;
}

/* False: this instruction cannot be aimed with these registers, take another one. */
static bool random_case(struct test_case *c)
{
	u64 target = DATA + 480 + random_u64() % 64;
	bool string;

	random_instruction(c);
	string = c->insn.id >= INSN_MOVS;
	for (int i = 0; i < GPR_COUNT; i++) {
		c->gpr[i] = random_value();
	}
	for (size_t i = 0; i < DATA_SIZE; i += 8) {
		u64 v = random_value();

		memcpy(c->memory + i, &v, 8);
	}
	if (string && one_in(2)) {
		memset(c->memory, 0x55, DATA_SIZE);
		c->memory[random_u64() % DATA_SIZE] = 1;
		c->gpr[GPR_RAX] = 0x5555555555555555;
	}
	c->rflags = 2 | (random_u64() & (STATUS | DF));
	if (string) {
		random_string_registers(c);
	}
	if (is_bit_string(&c->insn)) {
		u64 offset = random_u64() % 2000 - 1000;
		u64 mask = c->insn.dst.size == 8 ? 0 : ~0ull << (8 * c->insn.dst.size);

		c->gpr[c->insn.src.reg] = (offset & ~mask) | (random_u64() & mask);
	}
	if (c->insn.id == INSN_PUSH || c->insn.id == INSN_POP) {
		c->gpr[GPR_RSP] = DATA + 300 + random_u64() % 64;
	}
	if (has_mem(&c->insn) && !aim(c, target)) {
		return false;
	}
	if ((c->insn.id == INSN_PUSH || c->insn.id == INSN_POP) &&
	    c->gpr[GPR_RSP] - (DATA + 16) > DATA_SIZE - 64) {
		return false;
	}
	if (is_bit_string(&c->insn) &&
	    (c->insn.mem.base == c->insn.src.reg || c->insn.mem.index == c->insn.src.reg)) {
		return false;
	}
	favour_equality(c);
	return true;
}

/* Flags that the manual defines after this instruction with these operands. */
static u64 defined_flags(const struct test_case *c)
{
	const struct insn *i = &c->insn;
	u8 bits = 8 * i->dst.size;
	u64 count = i->src.kind == OPND_GPR ? c->gpr[GPR_RCX] : i->imm;

	count &= i->dst.size == 8 ? 63 : 31;
	switch (i->id) {
	case INSN_AND:
	case INSN_OR:
	case INSN_XOR:
	case INSN_TEST:
		return STATUS & ~AF;
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		return CF | ZF;
	case INSN_ROL:
	case INSN_ROR:
	case INSN_RCL:
	case INSN_RCR:
		return count <= 1 ? STATUS : STATUS & ~OF;
	case INSN_SHL:
	case INSN_SHR:
	case INSN_SAR:
		if (count == 0) {
			return STATUS;
		}
		return STATUS & ~AF & ~(count > 1 ? OF : 0) & ~(count >= bits ? CF : 0);
	default:
		return STATUS;
	}
}

static void run_native(const struct test_case *c)
{
	/* jmp *NATIVE->back */
	static const u8 back[] = {0xff, 0x24, 0x25, 0x88, 0x10, 0x00, 0x21};

	memcpy((void *)CODE, c->bytes, c->insn.len);
	memcpy((void *)(CODE + c->insn.len), back, sizeof(back));
	memcpy((void *)DATA, c->memory, DATA_SIZE);
	memcpy(NATIVE->gpr, c->gpr, sizeof(c->gpr));
	NATIVE->rflags = c->rflags;
	NATIVE->back = (u64)native_back;
	NATIVE->code = CODE;
	native_enter();
}

static const struct test_case *current;

static void show(const char *what)
{
	fprintf(stderr, "%s: %s:", what, insn_name(current->insn.id));
	for (int i = 0; i < current->insn.len; i++) {
		fprintf(stderr, " %02x", current->bytes[i]);
	}
	fprintf(stderr, "\n");
}

static void native_faulted(int signal_number)
{
	(void)signal_number;
	show("the CPU faulted");
	_exit(1);
}

static void compare(struct test_case *c, const struct test_case *before, struct guest_state *gs)
{
	u64 wrong = (gs->rflags ^ NATIVE->rflags) & (defined_flags(before) | DF);

	for (int i = 0; i < GPR_COUNT; i++) {
		if (c->gpr[i] != NATIVE->gpr[i]) {
			show("register differs");
			fprintf(stderr, "  gpr %d: before %llx ours %llx CPU %llx\n", i,
				(unsigned long long)before->gpr[i], (unsigned long long)c->gpr[i],
				(unsigned long long)NATIVE->gpr[i]);
			fail();
		}
	}
	if (wrong != 0) {
		show("flags differ");
		fprintf(stderr, "  before %llx ours %llx CPU %llx\n",
			(unsigned long long)before->rflags, (unsigned long long)gs->rflags,
			(unsigned long long)NATIVE->rflags);
		fail();
	}
	if (memcmp(c->memory, (void *)DATA, DATA_SIZE) != 0) {
		show("memory differs");
		fail();
	}
	assert_int_equal(gs->rip, CODE + c->insn.len);
}

static void run_case(struct test_case *c)
{
	static struct test_case before;
	struct guest_state gs = {
		.rip = CODE, .rflags = c->rflags, .cr0 = BIT(31) | 1, .efer = BIT(10) | BIT(8)};

	c->bus = (struct emul_bus){
		.read = case_read, .write = case_write, .probe_write = case_probe_write};
	c->reads = c->writes = 0;
	before = *c;
	current = &before;
	gs.seg[SEG_CS].attr = SEG_ATTR_L;
	run_native(c);
	assert_int_equal(emul_exec(&c->insn, c->gpr, &gs, &c->bus, UINT32_MAX), 0);
	compare(c, &before, &gs);
	if (has_mem(&c->insn)) {
		assert_in_range(c->reads, 0, 1 + (c->insn.id == INSN_POP));
		assert_in_range(c->writes, 0, 1);
	}
}

/* In the test, not in setup(): cmocka's own handlers need a good RSP. */
static void catch_faults(void)
{
	static u8 stack[65536];
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = native_faulted, .sa_flags = SA_ONSTACK};

	sigaltstack(&alt, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static void everything_agrees_with_this_cpu(void **state)
{
	const char *rounds = getenv("EMUL_ROUNDS");
	u64 total = 250000ull * (rounds != NULL ? strtoul(rounds, NULL, 10) : 1);
	static u32 seen[INSN_COUNT];
	static struct test_case c;

	(void)state;
	catch_faults();
	for (u64 done = 0; done < total;) {
		if (random_case(&c)) {
			run_case(&c);
			seen[c.insn.id]++;
			done++;
		}
	}
	for (u8 id = INSN_ADD; id <= INSN_SCAS; id++) {
		if (id != INSN_CALL && id != INSN_JMP && (id != INSN_MOVBE || has_movbe)) {
			if (seen[id] < 50) {
				fprintf(stderr, "%s: only %u cases\n", insn_name(id), seen[id]);
				fail();
			}
		}
	}
}

static int setup(void **state)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	u32 a, b, c, d;

	(void)state;
	has_movbe = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & BIT(22)) != 0;
	if (mmap((void *)DATA, PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) != (void *)DATA) {
		return -1;
	}
	return mmap((void *)CODE, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1,
		    0) == (void *)CODE
		       ? 0
		       : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_agrees_with_this_cpu),
	};

	return cmocka_run_group_tests_name("emul_native", tests, setup, NULL);
}
