// SPDX-License-Identifier: GPL-2.0-only
/*
 * IDT and dispatch. Exceptions: a table of handlers for the few that may be survived, a report and
 * panic for all others. Interrupts: a table filled during start-up, read-only afterwards; no locks.
 */
#include "arch/x86/traps.h"
#include "arch/x86/cpu.h"
#include "arch/x86/gdt.h"
#include "arch/x86/lapic.h"
#include "arch/x86/nmi.h"
#include "arch/x86/percpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/stack.h"
#include "arch/x86/traps_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/symbols.h"

/* Page fault error code (SDM vol. 3, 4.7). */
#define PF_PRESENT     BIT(0)
#define PF_WRITE       BIT(1)
#define PF_FETCH       BIT(4)

#define VECTORS	       256
#define EXCEPTIONS     32
#define STUB_BYTES     16
#define GATE_INTERRUPT 0x8e /* present, ring 0, 64-bit interrupt gate */

/* SDM vol. 3, figure 6-8. */
struct idt_gate {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_middle;
	u32 offset_high;
	u32 reserved;
};
static_assert(sizeof(struct idt_gate) == 16, "gate size");

/* Machine check: error reporting banks (SDM vol. 3, 16.3). */
#define MSR_MCG_CAP	 0x179
#define MSR_MCG_STATUS	 0x17a
#define MSR_MC0_STATUS	 0x401
#define MCG_CAP_COUNT(v) ((u32)(v)&0xff)
#define MC_STATUS_VALID	 BIT(63)

extern const u8 trap_stubs[];
extern const struct {
	u64 instruction, resume;
} fixups_start[], fixups_end[];

static struct idt_gate idt[VECTORS] aligned_to(16);
static void (*handlers[VECTORS])(void);
static u8 next_device_vector = VECTOR_DEVICE_BASE;

static const char *const exception_names[EXCEPTIONS] = {
	/* clang-format off */
	"#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow", "#BR bound range",
	"#UD invalid opcode", "#NM device not available", "#DF double fault", "exception 9",
	"#TS invalid TSS", "#NP segment not present", "#SS stack fault", "#GP general protection",
	"#PF page fault", "exception 15", "#MF x87 error", "#AC alignment check", "#MC machine check",
	"#XM SIMD error", "#VE virtualization", "#CP control protection", "exception 22",
	"exception 23", "exception 24", "exception 25", "exception 26", "exception 27",
	"#HV hypervisor injection", "#VC VMM communication", "#SX security", "exception 31",
	/* clang-format on */
};

void traps_init(void)
{
	for (u32 v = 0; v < VECTORS; v++) {
		u64 stub = (u64)(uintptr_t)(trap_stubs + v * STUB_BYTES);

		idt[v] = (struct idt_gate){
			.offset_low = (u16)stub,
			.selector = GDT_CODE64,
			.type = GATE_INTERRUPT,
			.offset_middle = (u16)(stub >> 16),
			.offset_high = (u32)(stub >> 32),
		};
	}
	idt[VECTOR_NMI].ist = IST_NMI;
	idt[VECTOR_DF].ist = IST_DF;
	idt[VECTOR_MC].ist = IST_MC;
}

void traps_load(void)
{
	const struct {
		u16 limit;
		u64 base;
	} packed_struct pointer = {sizeof(idt) - 1, (u64)(uintptr_t)idt};

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void traps_set_handler(u8 vector, void (*handler)(void))
{
	assert(vector >= EXCEPTIONS);
	handlers[vector] = handler;
}

int traps_alloc_vector(void)
{
	return next_device_vector < VECTOR_DEVICE_END ? next_device_vector++ : ERR_LIMIT;
}

/* --- exceptions ------------------------------------------------------------------------------- */

static bool fixup(struct trap_frame *f)
{
	for (size_t i = 0; i < (size_t)(fixups_end - fixups_start); i++) {
		if (fixups_start[i].instruction == f->rip) {
			f->rip = fixups_start[i].resume;
			return true;
		}
	}
	return false;
}

void trap_print_frame(const struct trap_frame *f)
{
	char name[96];

#define X(v) ((unsigned long long)(v))
	log_emergency("rip %016llx rsp %016llx rflags %08llx  %s", X(f->rip), X(f->rsp),
		      X(f->rflags), symbols_format(f->rip, name, sizeof(name)));
	log_emergency("rax %016llx rbx %016llx rcx %016llx rdx %016llx", X(f->rax), X(f->rbx),
		      X(f->rcx), X(f->rdx));
	log_emergency("rsi %016llx rdi %016llx rbp %016llx r8  %016llx", X(f->rsi), X(f->rdi),
		      X(f->rbp), X(f->r8));
	log_emergency("r9  %016llx r10 %016llx r11 %016llx r12 %016llx", X(f->r9), X(f->r10),
		      X(f->r11), X(f->r12));
	log_emergency("r13 %016llx r14 %016llx r15 %016llx", X(f->r13), X(f->r14), X(f->r15));
	log_emergency("cr0 %016llx cr2 %016llx cr3 %016llx cr4 %016llx", X(read_cr0()),
		      X(read_cr2()), X(read_cr3()), X(read_cr4()));
#undef X
}

static void print_guard_hit(void)
{
	u32 owner;

	if (stack_is_guard(read_cr2(), &owner)) {
		log_emergency("%#llx is in the guard page of a stack of pCPU %u: stack overflow",
			      (unsigned long long)read_cr2(), owner);
	}
}

static void print_page_fault(u64 error)
{
	const char *access = (error & PF_WRITE) != 0 ? "write" : "read";

	log_emergency("%s of %#llx: %s", (error & PF_FETCH) != 0 ? "execution" : access,
		      (unsigned long long)read_cr2(),
		      (error & PF_PRESENT) != 0 ? "not allowed by its mapping" : "not mapped");
}

static void print_machine_check(void)
{
	u64 cap, status;

	if (rdmsr_safe(MSR_MCG_CAP, &cap) != ERR_OK) {
		return;
	}
	for (u32 bank = 0; bank < MCG_CAP_COUNT(cap); bank++) {
		u32 msr = MSR_MC0_STATUS + 4 * bank;
		u64 address, misc;

		if (rdmsr_safe(msr, &status) != ERR_OK || (status & MC_STATUS_VALID) == 0) {
			continue;
		}
		address = rdmsr_safe(msr + 1, &address) == ERR_OK ? address : 0;
		misc = rdmsr_safe(msr + 2, &misc) == ERR_OK ? misc : 0;
		log_emergency("bank %u: status %016llx address %016llx misc %016llx", bank,
			      (unsigned long long)status, (unsigned long long)address,
			      (unsigned long long)misc);
	}
}

static __attribute__((noreturn)) void die(const struct trap_frame *f)
{
	panic_begin();
	log_emergency("panic on pCPU %u: %s, error code %#llx", arch_pcpu_id(),
		      exception_names[f->vector], (unsigned long long)f->error);
	if (f->vector == VECTOR_PF) {
		print_page_fault(f->error);
	}
	/* Most double faults are page faults whose own frame found no stack. */
	if (f->vector == VECTOR_PF || f->vector == VECTOR_DF) {
		print_guard_hit();
	}
	if (f->vector == VECTOR_MC) {
		print_machine_check();
	}
	trap_print_frame(f);
	panic_end(f->rip, f->rbp);
}

static void dispatch_interrupt(u8 vector)
{
	void (*handler)(void) = handlers[vector];

	if (handler != NULL) {
		handler();
	}
	/* Spurious interrupts are not in service (SDM vol. 3, 11.9); the PICs do not go through
	 * here. */
	if (vector != VECTOR_SPURIOUS && vector >= VECTOR_DEVICE_BASE) {
		lapic_eoi();
	}
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector >= EXCEPTIONS) {
		dispatch_interrupt((u8)frame->vector);
	} else if (frame->vector == VECTOR_NMI) {
		nmi_handle(frame);
	} else if (frame->vector != VECTOR_GP || !fixup(frame)) {
		die(frame);
	}
}
