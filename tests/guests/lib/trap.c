// SPDX-License-Identifier: GPL-2.0-only
/*
 * IDT, per-CPU GDT and TSS, dispatch of exceptions and interrupts, recovery. An exception without a
 * handler inside trap_try() ends the protected function; outside it ends the guest with a FAIL
 * line.
 */
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"

struct idt_gate idt[256] aligned_to(4096);
static trap_handler handlers[256];

extern u8 trap_stubs[], trap_recover[];
void trap_dispatch(struct trap_frame *frame);
void user_enter(void (*fn)(void), u64 stack_top, u64 rflags);

#define STUB_SIZE 16

void trap_set_gate(u8 vector, u64 address, u8 type, u8 ist)
{
	idt[vector] = (struct idt_gate){
		.offset_low = (u16)address,
		.selector = SEL_CODE64,
		.ist = ist,
		.type = type,
		.offset_mid = (u16)(address >> 16),
		.offset_high = (u32)(address >> 32),
	};
}

void trap_init(void)
{
	for (u32 v = 0; v < 256; v++) {
		trap_set_gate((u8)v, (u64)(uintptr_t)&trap_stubs[v * STUB_SIZE], GATE_INTERRUPT, 0);
	}
	idt[VEC_DF].ist = IST_DF;
	idt[VEC_NMI].ist = IST_NMI;
	idt[VEC_MC].ist = IST_MC;
	idt[VEC_BP].type |= GATE_DPL3;
	idt[VEC_OF].type |= GATE_DPL3;
	idt[VEC_USER_EXIT].type |= GATE_DPL3;
}

static void load_tables(const struct cpu *c)
{
	struct {
		u16 limit;
		u64 base;
	} packed_struct gdtr = {sizeof(c->gdt) - 1, (u64)(uintptr_t)c->gdt},
			idtr = {sizeof(idt) - 1, (u64)(uintptr_t)idt};

	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(gdtr), "m"(idtr), "r"(SEL_TSS));
}

/* Fills in and loads the calling CPU's GDT and TSS; GS base is set already. */
void trap_load_cpu(void)
{
	struct cpu *c = cpu_this();
	u64 tss = (u64)(uintptr_t)&c->tss;

	c->gdt[SEL_CODE64 / 8] = 0x00af9b000000ffff;
	c->gdt[SEL_DATA / 8] = 0x00cf93000000ffff;
	c->gdt[SEL_CODE32 / 8] = 0x00cf9b000000ffff;
	c->gdt[SEL_UDATA / 8] = 0x00cff3000000ffff;
	c->gdt[SEL_UCODE / 8] = 0x00affb000000ffff;
	c->gdt[SEL_CODE16 / 8] = 0x00009b000000ffff;
	c->gdt[SEL_DATA16 / 8] = 0x000093000000ffff;
	c->gdt[SEL_TSS / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 |
			      (tss >> 24 & 0xff) << 56;
	c->gdt[SEL_TSS / 8 + 1] = tss >> 32;
	c->tss.iomap = sizeof(struct tss);
	c->tss.rsp[0] = (u64)(uintptr_t)(c->stack0 + sizeof(c->stack0));
	for (u32 i = 0; i < ARRAY_SIZE(c->ist); i++) {
		c->tss.ist[i] = (u64)(uintptr_t)(c->ist[i] + sizeof(c->ist[i]));
	}
	load_tables(c);
}

void trap_handle(u8 vector, trap_handler handler)
{
	handlers[vector] = handler;
}

static void trap_fatal(const struct trap_frame *f)
{
	report(false, "unexpected trap", "vector %lu error %lx rip %lx rsp %lx cr2 %lx cpu %u",
	       f->vector, f->error, f->rip, f->rsp, read_cr2(), cpu_this()->index);
	report_end();
}

void trap_give_up(struct trap_frame *frame)
{
	struct cpu *c = cpu_this();

	c->last = *frame;
	c->last_cr2 = read_cr2();
	c->vector = frame->vector;
	frame->rip = (u64)(uintptr_t)trap_recover;
	frame->cs = SEL_CODE64;
	frame->ss = SEL_DATA;
	frame->rsp = c->recovery;
	frame->rflags = 2;
}

void trap_dispatch(struct trap_frame *frame)
{
	u8 v = (u8)frame->vector;

	if (handlers[v] != NULL) {
		handlers[v](frame);
		return;
	}
	if (v == VEC_SPURIOUS) {
		return;
	}
	if (v == VEC_WAKE) {
		lapic_eoi();
		return;
	}
	if (cpu_this()->recovery == 0) {
		trap_fatal(frame);
	}
	trap_give_up(frame);
}

const struct trap_frame *trap_last(void)
{
	return &cpu_this()->last;
}

u64 trap_last_cr2(void)
{
	return cpu_this()->last_cr2;
}

bool expect_fault(const char *name, int vector, u64 error, void (*fn)(void *), void *arg)
{
	int v = trap_try(fn, arg);

	if (v < 0) {
		return report(false, name, "no exception, expected vector %d", vector);
	}
	return report(v == vector && trap_last()->error == error, name,
		      "vector %d error 0x%lx (expected %d, 0x%lx)", v, trap_last()->error, vector,
		      error);
}

bool expect_no_fault(const char *name, void (*fn)(void *), void *arg)
{
	int v = trap_try(fn, arg);

	if (v < 0) {
		return report(true, name, "no exception");
	}
	return report(false, name, "vector %d error 0x%lx rip %lx cr2 %lx", v, trap_last()->error,
		      trap_last()->rip, trap_last_cr2());
}

struct user_call {
	void (*fn)(void);
	u64 rflags;
};

static u8 user_stacks[CPUS_MAX][4096] aligned_to(16);

static void user_call(void *arg)
{
	const struct user_call *u = arg;

	user_enter(u->fn,
		   (u64)(uintptr_t)user_stacks[cpu_this()->index] + sizeof(user_stacks[0]) - 8,
		   u->rflags);
}

int user_try(void (*fn)(void), u64 rflags)
{
	struct user_call u = {fn, rflags | 2};

	return trap_try(user_call, &u);
}

struct msr_call {
	u32 msr;
	u64 value;
};

static void msr_read(void *arg)
{
	struct msr_call *c = arg;

	c->value = rdmsr(c->msr);
}

static void msr_write(void *arg)
{
	const struct msr_call *c = arg;

	wrmsr(c->msr, c->value);
}

bool rdmsr_safe(u32 msr, u64 *value)
{
	struct msr_call c = {msr, 0};
	int v = trap_try(msr_read, &c);

	*value = c.value;
	return v < 0;
}

bool wrmsr_safe(u32 msr, u64 value)
{
	struct msr_call c = {msr, value};

	return trap_try(msr_write, &c) < 0;
}
