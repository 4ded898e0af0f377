// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions: every vector a program can raise, with its error code; and delivery that is itself
 * interrupted by a fault of nested paging (IDT, stack or handler page touched for the first time
 * while an event is delivered). SDM volume 3 chapter 6.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

static void do_de(void *arg)
{
	u32 a = 1, d = 0;

	(void)arg;
	__asm__ volatile("div %2" : "+a"(a), "+d"(d) : "r"(0));
}

static void do_bp(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void do_int1(void *arg)
{
	(void)arg;
	__asm__ volatile(".byte 0xf1");
}

static void do_ud2(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void do_nm(void *arg)
{
	(void)arg;
	write_cr0(read_cr0() | CR0_TS);
	__asm__ volatile("fninit");
}

static void do_load_es(void *arg)
{
	__asm__ volatile("mov %w0, %%es" : : "r"((u32)(uintptr_t)arg));
}

static void do_load_ss(void *arg)
{
	__asm__ volatile("mov %w0, %%ss" : : "r"((u32)(uintptr_t)arg));
}

static void do_read(void *arg)
{
	(void)*(volatile u8 *)arg;
}

static void do_write(void *arg)
{
	*(volatile u8 *)arg = 1;
}

static void do_call(void *arg)
{
	((void (*)(void))(uintptr_t)arg)();
}

static void do_stack_read(void *arg)
{
	/* A non-canonical address through RBP is a stack reference: #SS(0). */
	__asm__ volatile("push %%rbp; mov %0, %%rbp; mov (%%rbp), %%rax; pop %%rbp"
			 :
			 : "r"(arg)
			 : "rax", "memory");
}

static void do_int_bad(void *arg)
{
	(void)arg;
	idt[0x90].type = 0; /* not a gate */
	__asm__ volatile("int $0x90");
}

static void do_int_absent(void *arg)
{
	(void)arg;
	idt[0x91].type = 0x0e; /* not present */
	__asm__ volatile("int $0x91");
}

static void do_iret_bad_tss(void *arg)
{
	(void)arg;
	/* NT is set: IRET in 64-bit mode raises #GP(0). */
	__asm__ volatile("pushfq; orq $0x4000, (%%rsp); popfq; iretq" : : : "memory");
}

static void do_xm(void *arg)
{
	u32 mxcsr = 0x1f80 & ~(1u << 9); /* divide-by-zero unmasked */

	(void)arg;
	__asm__ volatile("ldmxcsr %0; mov $1, %%eax; cvtsi2ss %%eax, %%xmm0; xorps %%xmm1, %%xmm1; "
			 "divss %%xmm1, %%xmm0"
			 :
			 : "m"(mxcsr)
			 : "eax");
}

static void do_mf(void *arg)
{
	u16 control = 0x037b; /* divide-by-zero unmasked */

	(void)arg;
	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
}

/* Differences of QEMU 7.2's CPU: no INT1, #SS(0) or SIMD exceptions, no #AC, IDT error codes with
 * 16 per vector. */
static void expect_fault_tcg(const char *name, int vector, u64 error, void (*fn)(void *), void *arg)
{
	int v = trap_try(fn, arg);

	report_tcg(v == vector && trap_last()->error == error, name,
		   "vector %d error 0x%lx (expected %d, 0x%lx)", v, trap_last()->error, vector,
		   error);
}

static void test_plain(void)
{
	expect_fault("#DE", VEC_DE, 0, do_de, NULL);
	expect_fault_tcg("#DB by INT1", VEC_DB, 0, do_int1, NULL);
	expect_fault("#BP", VEC_BP, 0, do_bp, NULL);
	report(trap_last()->rip == (u64)(uintptr_t)do_bp + 1 ||
		       *(const u8 *)(uintptr_t)(trap_last()->rip - 1) == 0xcc,
	       "#BP is a trap", "rip %lx is behind the instruction", trap_last()->rip);
	expect_fault("#UD", VEC_UD, 0, do_ud2, NULL);
	expect_fault("#NM", VEC_NM, 0, do_nm, NULL);
	write_cr0(read_cr0() & ~CR0_TS);
	expect_fault("#NP segment", VEC_NP, SEL_SPARE, do_load_es, (void *)SEL_SPARE);
	expect_fault("#SS segment", VEC_SS, SEL_SPARE, do_load_ss, (void *)SEL_SPARE);
	expect_fault("#GP selector", VEC_GP, 0x1f8, do_load_es, (void *)0x1f8);
	expect_fault("#GP non-canonical", VEC_GP, 0, do_read, (void *)0x8000000000000000);
	expect_fault_tcg("#SS non-canonical", VEC_SS, 0, do_stack_read, (void *)0x8000000000000000);
	expect_fault_tcg("#GP bad gate", VEC_GP, 0x90 * 8 + 2, do_int_bad, NULL);
	expect_fault_tcg("#NP absent gate", VEC_NP, 0x91 * 8 + 2, do_int_absent, NULL);
	expect_fault("#GP IRET with NT", VEC_GP, 0, do_iret_bad_tss, NULL);
	expect_fault_tcg("#XM", VEC_XM, 0, do_xm, NULL);
	__asm__ volatile("ldmxcsr %0" : : "m"((u32){0x1f80}));
	expect_fault("#MF", VEC_MF, 0, do_mf, NULL);
	__asm__ volatile("fninit");
}

static void test_page_faults(void)
{
	u64 page = (u64)(uintptr_t)page_alloc(1);
	void *va = (void *)MAP_WINDOW;

	page_map(MAP_WINDOW, 0, 0);
	*page_entry(MAP_WINDOW) = 0;
	expect_fault("#PF read absent", VEC_PF, 0, do_read, va);
	report(trap_last_cr2() == MAP_WINDOW, "#PF CR2", "%lx", trap_last_cr2());
	expect_fault("#PF write absent", VEC_PF, PF_W, do_write, (u8 *)va + 0x123);
	report(trap_last_cr2() == MAP_WINDOW + 0x123, "#PF CR2 offset", "%lx", trap_last_cr2());
	page_map(MAP_WINDOW, page, PTE_P | PTE_NX);
	expect_fault("#PF write read-only", VEC_PF, PF_P | PF_W, do_write, va);
	expect_fault("#PF fetch NX", VEC_PF, PF_P | PF_I, do_call, va);
	page_map(MAP_WINDOW, page, PTE_P | PTE_W);
	expect_no_fault("writable page", do_write, va);
	report((*page_entry(MAP_WINDOW) & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "A and D bits",
	       "entry %lx", *page_entry(MAP_WINDOW));
}

static void user_read_kernel(void)
{
	(void)*(volatile u8 *)MAP_WINDOW;
	__asm__ volatile("int $0x80");
}

static void user_cli(void)
{
	__asm__ volatile("cli; int $0x80");
}

static void user_unaligned(void)
{
	static u32 data[2];

	(void)*(volatile u32 *)((uintptr_t)data + 1);
	__asm__ volatile("int $0x80");
}

static void user_exit(void)
{
	__asm__ volatile("int $0x80");
}

static void test_user(void)
{
	int v = user_try(user_exit, 0);

	report(v == VEC_USER_EXIT && (trap_last()->cs & 3) == 3, "user mode", "vector 0x%x cs %lx",
	       v, trap_last()->cs);
	v = user_try(user_cli, 0);
	report(v == VEC_GP && trap_last()->error == 0, "#GP CLI at CPL 3", "vector %d", v);
	v = user_try(user_read_kernel, 0);
	report(v == VEC_PF && trap_last()->error == (PF_P | PF_U), "#PF user reads kernel page",
	       "vector %d error %lx", v, trap_last()->error);
	write_cr0(read_cr0() | CR0_AM);
	v = user_try(user_unaligned, RFLAGS_AC);
	report_tcg(v == VEC_AC && trap_last()->error == 0, "#AC", "vector %d error %lx", v,
		   trap_last()->error);
	write_cr0(read_cr0() & ~CR0_AM);
}

static volatile u32 steps;

static void on_step(struct trap_frame *frame)
{
	if (++steps == 5) {
		frame->rflags &= ~RFLAGS_TF;
	}
}

/* Single steps over instructions that exit: each must trap once, right behind itself. */
static void test_debug(void)
{
	steps = 0;
	trap_handle(VEC_DB, on_step);
	write_dr6(0);
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; xor %%eax, %%eax; cpuid; "
			 "in $0x80, %%al; nop; nop"
			 :
			 :
			 : "rax", "rbx", "rcx", "rdx", "memory");
	report(steps == 5, "single step over exits", "%u steps", steps);
	report((read_dr6() & BIT(14)) != 0, "DR6.BS", "DR6 %lx", read_dr6());
	static volatile u64 watched;
	steps = 0;
	write_dr6(0);
	write_dr0((u64)(uintptr_t)&watched);
	write_dr7(0x90402 | 0x400); /* G0, write, 8 bytes: R/W0 = 1, LEN0 = 2 */
	watched = 7;
	__asm__ volatile("nop");
	write_dr7(0x400);
	report(steps == 1 && (read_dr6() & 1) != 0, "data breakpoint", "%u hits DR6 %lx", steps,
	       read_dr6());
	trap_handle(VEC_DB, NULL);
}

static void do_double_fault(void *arg)
{
	/* #PF whose delivery needs a gate that is not a gate: #GP while delivering a #PF. */
	idt[VEC_PF].type = 0;
	do_read(arg);
}

static void test_double_fault(void)
{
	page_map(MAP_WINDOW, 0, 0);
	/* Its stack is touched for the first time: TCG, when a nested page fault interrupts the
	 * delivery, names the first of the two exceptions. */
	expect_fault_tcg("#DF onto a fresh stack", VEC_DF, 0, do_double_fault, (void *)MAP_WINDOW);
	expect_fault("#DF", VEC_DF, 0, do_double_fault, (void *)MAP_WINDOW);
	idt[VEC_PF].type = GATE_INTERRUPT;
	expect_fault("#PF after #DF", VEC_PF, 0, do_read, (void *)MAP_WINDOW);
}

static volatile u32 delivered;

static void on_delivery(struct trap_frame *frame)
{
	(void)frame;
	delivered++;
}

static void load_idt(u64 base)
{
	struct {
		u16 limit;
		u64 base;
	} packed_struct r = {sizeof(idt) - 1, base};

	__asm__ volatile("lidt %0" : : "m"(r));
}

/* The IDT moves to a page that only the guest's page tables know so far: its mapping changes to a
 * frame that holds the same bytes but was never accessed through this address, on stacks in frames
 * never touched at all. */
static void test_fresh_pages(void)
{
	u32 rounds = 64;
	u8 *fresh = page_alloc(1);
	u64 stacks = page_free_base() + LARGE_SIZE;

	memcpy(fresh, idt, sizeof(idt));
	page_map(MAP_WINDOW, (u64)(uintptr_t)fresh, PTE_P | PTE_W);
	load_idt(MAP_WINDOW);
	trap_handle(VEC_BP, on_delivery);
	trap_handle(0xa0, on_delivery);
	trap_handle(VEC_UD, NULL);
	delivered = 0;
	struct cpu *c = cpu_this();
	u64 old = c->tss.ist[IST_MC - 1];
	idt[VEC_BP].ist = IST_MC;
	((struct idt_gate *)(uintptr_t)fresh)[VEC_BP].ist = IST_MC;
	((struct idt_gate *)(uintptr_t)fresh)[0xa0].ist = IST_MC;
	for (u32 i = 0; i < rounds; i++) {
		/* Every delivery pushes onto a frame of RAM that nothing has touched before. */
		c->tss.ist[IST_MC - 1] = stacks + (i + 1) * PAGE_SIZE * 2;
		if (i % 2 == 0) {
			__asm__ volatile("int3");
		} else {
			__asm__ volatile("int $0xa0");
		}
	}
	c->tss.ist[IST_MC - 1] = old;
	idt[VEC_BP].ist = 0;
	load_idt((u64)(uintptr_t)idt);
	report(delivered == rounds, "delivery onto fresh stacks", "%u of %u", delivered, rounds);
	trap_handle(VEC_BP, NULL);
}

/* The same for faults with error codes. */
static void test_fresh_fault_stacks(void)
{
	u64 stacks = page_free_base() + 2 * LARGE_SIZE;
	struct cpu *c = cpu_this();
	u64 old = c->tss.ist[IST_MC - 1];
	u32 good = 0;

	page_map(MAP_WINDOW, 0, 0);
	idt[VEC_PF].ist = IST_MC;
	for (u32 i = 0; i < 32; i++) {
		c->tss.ist[IST_MC - 1] = stacks + (i + 1) * PAGE_SIZE * 2;
		void *va = (void *)(MAP_WINDOW + i);
		good += trap_try(do_write, va) == VEC_PF && trap_last()->error == PF_W &&
			trap_last_cr2() == MAP_WINDOW + i;
	}
	idt[VEC_PF].ist = 0;
	c->tss.ist[IST_MC - 1] = old;
	report(good == 32, "#PF onto fresh stacks", "%u of 32", good);
}

/* An unmapped IDT: the fault of delivery is a #PF, delivered through the same IDT: a double fault,
 * then shut-down; with the #PF and #DF gates mapped (they lie in the first page) only the high half
 * is absent. */
static void test_absent_idt_page(void)
{
	u8 *low = page_alloc(2);
	u64 half = MAP_WINDOW + 2 * PAGE_SIZE - 0x800;

	memcpy(low + PAGE_SIZE - 0x800, idt, 0x800);
	page_map(half & ~PAGE_MASK, (u64)(uintptr_t)low, PTE_P | PTE_W);
	page_map((half & ~PAGE_MASK) + PAGE_SIZE, 0, 0);
	load_idt(half);
	int v = trap_try(do_int_bad, NULL); /* vector 0x90 lies in the absent page */
	load_idt((u64)(uintptr_t)idt);
	report(v == VEC_PF && trap_last_cr2() == half + 0x900, "#PF on an absent IDT page",
	       "vector %d cr2 %lx", v, trap_last_cr2());
}

void guest_main(void)
{
	/* A data segment that is not present, for #NP and #SS. */
	cpu_this()->gdt[SEL_SPARE / 8] = 0x00cf13000000ffff;
	test_plain();
	test_page_faults();
	test_user();
	test_debug();
	test_double_fault();
	test_fresh_pages();
	test_fresh_fault_stacks();
	test_absent_idt_page();
}
