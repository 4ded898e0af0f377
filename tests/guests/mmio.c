// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory-mapped I/O through every instruction form a kernel may use, on a register that holds what
 * is written: the local APIC's timer count (32 bits; timer masked) and task priority. Then accesses
 * of all widths to a hole of the address space, where nothing answers: reads give all ones, writes
 * vanish.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define REG  (LAPIC_BASE + LAPIC_TIMER_INIT)
#define HOLE 0xd8000000ull

/* A form: memory `before`, RAX in; memory `after`, RAX out. RDI points to the register, RDX is RDI
 * - 0x40, R9 = RDI, R10 = 4, GS base 0, RCX = 0x1234. */
struct form {
	const char *name;
	void (*run)(u64 address, u64 *rax);
	u32 before;
	u64 rax;
	u32 after;
	u64 rax_after;
};

#define FORM(id, instruction)                                                                      \
	static void form_##id(u64 address, u64 *rax)                                               \
	{                                                                                          \
		register u64 r9 __asm__("r9") = address;                                           \
		register u64 r10 __asm__("r10") = 4;                                               \
		u64 rdi = address, rcx = 0x1234;                                                   \
		__asm__ volatile(instruction                                                       \
				 : "+a"(*rax), "+D"(rdi), "+c"(rcx)                                \
				 : "d"(address - 0x40), "r"(r9), "r"(r10)                          \
				 : "memory", "cc", "rbx", "rsi", "r11");                           \
	}

FORM(store, "movl %%eax, (%%rdi)")
FORM(store_disp8, "movl %%eax, 0x40(%%rdx)")
FORM(store_sib, "movl %%eax, -8(%%r9, %%r10, 2)")
FORM(store_high, "mov %%eax, %%r11d; movl %%r11d, (%%r9)")
FORM(store_imm, "movl $0x89abcdef, (%%rdi)")
FORM(load, "movl (%%rdi), %%eax")
FORM(load_high, "movl (%%r9), %%r11d; mov %%r11, %%rax")
FORM(load_sx32, "movslq (%%rdi), %%rax")
FORM(load_moffs, "movabs 0xfee00380, %%eax")
FORM(store_moffs, "movabs %%eax, 0xfee00380")
FORM(load_addr32, "movl (%%edi), %%eax")
FORM(or_imm8, "orl $0x10, (%%rdi)")
FORM(and_imm32, "andl $0xffff0000, (%%rdi)")
FORM(xor_reg, "xorl %%eax, (%%rdi)")
FORM(add_reg, "addl %%eax, (%%rdi)")
FORM(sub_to_reg, "subl (%%rdi), %%eax")
FORM(inc, "incl (%%rdi)")
FORM(neg, "negl (%%rdi)")
FORM(not, "notl (%%rdi)")
FORM(shl, "shll $4, (%%rdi)")
FORM(xchg, "xchgl %%eax, (%%rdi)")
FORM(xadd, "xaddl %%eax, (%%rdi)")
FORM(cmpxchg, "mov $0x5555, %%ebx; cmpxchgl %%ebx, (%%rdi)")
FORM(lock_or, "lock orl $1, (%%rdi)")
FORM(bts, "lock btsl $8, (%%rdi)")
FORM(movnti, "movnti %%eax, (%%rdi)")
FORM(stos, "stosl")
FORM(test_imm, "testl $0x8000, (%%rdi); setnz %%al")
FORM(cmp_imm, "cmpl $0x77, (%%rdi); sete %%al")
FORM(lods, "mov %%rdi, %%rsi; lodsl")
FORM(cmov, "cmp %%eax, %%eax; cmovel (%%rdi), %%eax")
FORM(movs_in, "push $0; mov %%rdi, %%rsi; mov %%rsp, %%rdi; movsl; pop %%rax")
FORM(movs_out, "push %%rax; mov %%rsp, %%rsi; movsl; pop %%rax")

/* clang-format off */
static const struct form forms[] = {
	{"mov m, r", form_store, 1, 0x12345678, 0x12345678, 0x12345678},
	{"mov m+disp8, r", form_store_disp8, 1, 0x11111111, 0x11111111, 0x11111111},
	{"mov m+sib, r", form_store_sib, 1, 0x22222222, 0x22222222, 0x22222222},
	{"mov m, r11", form_store_high, 1, 0x33333333, 0x33333333, 0x33333333},
	{"mov m, imm", form_store_imm, 1, 0, 0x89abcdef, 0},
	{"mov r, m", form_load, 0xfedcba98, ~0ull, 0xfedcba98, 0xfedcba98},
	{"mov r11, m", form_load_high, 0xfedcba98, 0, 0xfedcba98, 0xfedcba98},
	{"movsxd r, m", form_load_sx32, 0xfedcba98, 0, 0xfedcba98, 0xfffffffffedcba98},
	{"mov eax, moffs", form_load_moffs, 0x600d600d, 0, 0x600d600d, 0x600d600d},
	{"mov moffs, eax", form_store_moffs, 1, 0x5a5a5a5a, 0x5a5a5a5a, 0x5a5a5a5a},
	{"mov r, [edi]", form_load_addr32, 0x600d600d, 0, 0x600d600d, 0x600d600d},
	{"or m, imm8", form_or_imm8, 0x101, 0, 0x111, 0},
	{"and m, imm32", form_and_imm32, 0x12345678, 0, 0x12340000, 0},
	{"xor m, r", form_xor_reg, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0, 0x0ff00ff0},
	{"add m, r", form_add_reg, 0xfffffff0, 0x20, 0x10, 0x20},
	{"sub r, m", form_sub_to_reg, 5, 12, 5, 7},
	{"inc m", form_inc, 0x7ff, 0, 0x800, 0},
	{"neg m", form_neg, 1, 0, 0xffffffff, 0},
	{"not m", form_not, 0xff00, 0, 0xffff00ff, 0},
	{"shl m, imm8", form_shl, 0x12345678, 0, 0x23456780, 0},
	{"xchg m, r", form_xchg, 0x1111, 0x2222, 0x2222, 0x1111},
	{"xadd m, r", form_xadd, 0x1111, 0x2222, 0x3333, 0x1111},
	{"cmpxchg equal", form_cmpxchg, 0x1111, 0x1111, 0x5555, 0x1111},
	{"cmpxchg unequal", form_cmpxchg, 0x1111, 0x1112, 0x1111, 0x1111},
	{"lock or m, imm8", form_lock_or, 0x10, 0, 0x11, 0},
	{"lock bts m, imm8", form_bts, 0x10, 0, 0x110, 0},
	{"movnti m, r", form_movnti, 1, 0x77777777, 0x77777777, 0x77777777},
	{"stosd", form_stos, 1, 0x66666666, 0x66666666, 0x66666666},
	{"lodsd", form_lods, 0x66666667, 0, 0x66666667, 0x66666667},
	{"test m, imm", form_test_imm, 0x8000, 0, 0x8000, 1},
	{"cmp m, imm8", form_cmp_imm, 0x77, 0, 0x77, 1},
	{"cmovcc r, m", form_cmov, 0x12121212, 1, 0x12121212, 0x12121212},
	{"movsd from mmio", form_movs_in, 0x31313131, 0, 0x31313131, 0x31313131},
	{"movsd to mmio", form_movs_out, 1, 0x41414141, 0x41414141, 0x41414141},
};
/* clang-format on */

static void test_forms(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		u64 rax = f->rax;

		mmio_write32(REG, f->before);
		f->run(REG, &rax);
		u32 after = mmio_read32(REG);
		report(after == f->after && rax == f->rax_after, f->name,
		       "0x%x, RAX 0x%lx (expected 0x%x, 0x%lx)", after, rax, f->after,
		       f->rax_after);
	}
}

/* How RFLAGS come out of a read-modify-write. */
static void test_flags(void)
{
	u64 flags;

	mmio_write32(REG, 0xffffffff);
	__asm__ volatile("addl $1, (%1); pushfq; pop %0"
			 : "=r"(flags)
			 : "r"((u64)REG)
			 : "memory", "cc");
	report((flags & 0x8d5) == 0x55, "flags of add", "0x%lx (ZF, CF, PF, AF)", flags & 0x8d5);
	mmio_write32(REG, 0x80000000);
	__asm__ volatile("subl $1, (%1); pushfq; pop %0"
			 : "=r"(flags)
			 : "r"((u64)REG)
			 : "memory", "cc");
	report((flags & 0x8d5) == 0x814, "flags of sub", "0x%lx (OF, AF, PF)", flags & 0x8d5);
	mmio_write32(REG, 0);
}

static void test_rep(void)
{
	static u32 words[4] = {0x11, 0x22, 0x33, 0x44};
	u64 rsi = (u64)(uintptr_t)words, rdi = HOLE, rcx = 4;

	__asm__ volatile("rep movsl" : "+S"(rsi), "+D"(rdi), "+c"(rcx) : : "memory");
	report(rcx == 0 && rdi == HOLE + 16 && rsi == (u64)(uintptr_t)(words + 4),
	       "rep movsd to a hole", "RCX %lu RDI %lx", rcx, rdi);
	rsi = HOLE;
	rdi = (u64)(uintptr_t)words;
	rcx = 4;
	__asm__ volatile("rep movsl" : "+S"(rsi), "+D"(rdi), "+c"(rcx) : : "memory");
	report_pc(rcx == 0 && words[0] == 0xffffffff && words[3] == 0xffffffff,
		  "rep movsd from a hole", "RCX %lu, %x %x", rcx, words[0], words[3]);
	rdi = HOLE;
	rcx = 100;
	__asm__ volatile("rep stosb" : "+D"(rdi), "+c"(rcx) : "a"(0) : "memory");
	report(rcx == 0 && rdi == HOLE + 100, "rep stosb to a hole", "RCX %lu RDI %lx", rcx, rdi);
}

static void test_hole(void)
{
	u8 b = *(volatile u8 *)HOLE;
	u16 w = *(volatile u16 *)(HOLE + 2);
	u32 d = *(volatile u32 *)(HOLE + 4);
	u64 q = *(volatile u64 *)(HOLE + 8);
	u64 unaligned = *(volatile u64 *)(HOLE + 0xffd);
	u32 u;

	report_pc(b == 0xff && w == 0xffff && d == 0xffffffff && q == ~0ull, "hole reads ones",
		  "%x %x %x %lx", b, w, d, q);
	report_pc(unaligned == ~0ull, "unaligned across pages", "%lx", unaligned);
	*(volatile u8 *)HOLE = 1;
	*(volatile u16 *)(HOLE + 2) = 1;
	*(volatile u32 *)(HOLE + 4) = 1;
	*(volatile u64 *)(HOLE + 8) = 1;
	u = *(volatile u32 *)(HOLE + 4);
	report_pc(u == 0xffffffff, "writes to the hole vanish", "%x", u);
}

static void test_tpr(void)
{
	lapic_write(LAPIC_TPR, 0);
	__asm__ volatile("movl $0x70, (%0)" : : "r"((u64)LAPIC_BASE + LAPIC_TPR) : "memory");
	report(read_cr8() == 7, "TPR by MMIO shows in CR8", "%lu", read_cr8());
	write_cr8(3);
	report(mmio_read32(LAPIC_BASE + LAPIC_TPR) == 0x30, "CR8 shows in TPR", "0x%x",
	       mmio_read32(LAPIC_BASE + LAPIC_TPR));
	write_cr8(0);
}

/* The IOAPIC is reached through any mapping of its page, and at 4 KiB granularity. */
static void test_mapped(void)
{
	u64 page = ioapic_base();

	page_map(MAP_WINDOW, page, PTE_P | PTE_W);
	mmio_write32(MAP_WINDOW, 1);
	u32 a = mmio_read32(MAP_WINDOW + 0x10);
	report(a == ioapic_read(1), "IOAPIC through another mapping", "0x%x", a);
	mmio_write32(MAP_WINDOW, 0x10 + 2 * 5);
	u8 low = *(volatile u8 *)MAP_WINDOW;
	report_pc(low == 0x10 + 2 * 5, "byte read of IOREGSEL", "0x%x", low);
}

static void do_absent_write(void *arg)
{
	(void)arg;
	/* The second half of the operand lies in a page that is not there: no part may be written.
	 */
	*(volatile u64 *)(MAP_WINDOW + PAGE_SIZE - 4) = 0x1122334455667788;
}

static void test_faults(void)
{
	page_map(MAP_WINDOW, HOLE, PTE_P | PTE_W);
	page_map(MAP_WINDOW + PAGE_SIZE, 0, 0);
	expect_fault("#PF in the middle of an MMIO write", VEC_PF, PF_W, do_absent_write, NULL);
	report(trap_last_cr2() == MAP_WINDOW + PAGE_SIZE, "CR2 of it", "%lx", trap_last_cr2());
}

void guest_main(void)
{
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	test_forms();
	test_flags();
	test_rep();
	test_hole();
	test_tpr();
	test_mapped();
	test_faults();
}
