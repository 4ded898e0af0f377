/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * THE hardware interface: everything mm/ and kernel/ may ask of the machine itself. What concerns
 * guests (hardware virtualisation) is arch/x86/virt/virt.h.
 *
 * Execution model: the hypervisor is run-to-completion and never preempted. Maskable interrupts are
 * disabled in all hypervisor code; pending ones are taken only inside arch_irq_window(),
 * arch_idle() and (as an exit) while a guest runs. Interrupt handlers only set flags. NMIs and
 * machine checks may come at any time. One stack per pCPU.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "kernel/lib/types.h"

#define PCPU_MAX  256u
#define PCPU_NONE UINT32_MAX

struct boot_info;

/* --- start-up: called by kernel_main in this order, on the bootstrap pCPU --------------------- */

/* Traps and per-CPU data, so that faults are reported from here on. */
void arch_init_early(const char *cmdline);

/* CPU features, final page tables, guarded stack: goes on in next() on that stack. Needs early
 * memory. Panics with a clear line when the CPU lacks what is required. */
__attribute__((noreturn)) void arch_init_memory(const struct boot_info *info, void (*next)(void));

/* ACPI, interrupt controllers, clock and timers, console input. Panics without a usable timer. */
void arch_init_machine(const struct boot_info *info);

/* Brings all other pCPUs into C; they idle. Needs early memory. arch_pcpu_count() is final
 * afterwards. */
void arch_start_pcpus(const struct boot_info *info);

/* Every pCPU goes on in pcpu_main(id), which must not return. */
__attribute__((noreturn)) void arch_run_pcpus(void (*pcpu_main)(u32 pcpu));

/* --- pCPUs ------------------------------------------------------------------------------------ */

/* Number of pCPUs that run; ids are 0 .. count-1, 0 is the bootstrap pCPU. Constant after boot. */
u32 arch_pcpu_count(void);

/* Id of the pCPU that executes this: one load, from the area that GS base points at. */
#define ARCH_PCPU_ID_OFFSET 8
static inline u32 arch_pcpu_id(void)
{
	u32 id;

	__asm__ volatile("movl %%gs:%c1, %0" : "=r"(id) : "i"(ARCH_PCPU_ID_OFFSET));
	return id;
}

/* The local APIC id of a pCPU. */
u32 arch_pcpu_apic_id(u32 pcpu);

/* Where a pCPU is: equal numbers, shared. Constant after boot. */
struct arch_place {
	u32 core;    /* hyperthreads of one core */
	u32 cache;   /* the last-level cache */
	u32 package;
	u32 node;    /* memory nearest to it */
};
struct arch_place arch_pcpu_place(u32 pcpu);

/* Makes `pcpu` leave guest mode or arch_idle() soon; no other effect. Never lost: a kick sent while
 * the target is in hypervisor code takes effect at its next entry to a guest or to idle. May target
 * the caller itself. */
void arch_kick(u32 pcpu);

/* Takes pending interrupts, if any. Interrupts are disabled before and after. */
void arch_irq_window(void);

/* Waits for an interrupt (HLT, or MWAIT where it is better), takes it, returns. No wake-up between
 * the caller's last check and the wait is lost, provided that the waker kicks. */
void arch_idle(void);

/* In busy-wait loops. */
static inline void arch_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* --- time ------------------------------------------------------------------------------------- */

/* Nanoseconds since boot: monotonic, agreeing between pCPUs to within the error measured at boot.
 */
u64 arch_now_ns(void);

/* The time-stamp counter and its rate; arch_tsc_to_ns() maps one instant to the other. */
u64 arch_tsc(void);
u64 arch_tsc_khz(void);
u64 arch_tsc_to_ns(u64 tsc);

/* Calendar time (seconds since 1970-01-01 UTC) at boot, from the machine's RTC. */
u64 arch_boot_wallclock_s(void);

/* Arms this pCPU's one-shot timer to interrupt (leave guest mode or idle) at `deadline_ns`, soonest
 * when that is past; NEVER_NS disarms. Replaces any earlier setting. */
void arch_timer_arm(u64 deadline_ns);

/* --- memory ----------------------------------------------------------------------------------- */

/* All machine RAM is mapped, writable and not executable, at a fixed offset: the direct map. Host
 * tests of mm/ define a base of their own, where they keep memory that plays the machine's. */
#ifndef ARCH_DIRECT_MAP_BASE
#define ARCH_DIRECT_MAP_BASE 0xffff800000000000ul
#endif

static inline void *hpa_to_va(hpa_t a)
{
	return (void *)(uintptr_t)(a.v + ARCH_DIRECT_MAP_BASE);
}

static inline void *mfn_to_va(mfn_t f)
{
	return hpa_to_va(mfn_to_hpa(f));
}

/* Only for pointers into the direct map. */
static inline hpa_t va_to_hpa(const void *va)
{
	return hpa((u64)(uintptr_t)va - ARCH_DIRECT_MAP_BASE);
}

/* Zeroes one page of the direct map. */
void arch_zero_page(void *va);

/* Maps device registers uncached, at any alignment, for good; NULL when the window or its page
 * tables are exhausted. Any pCPU, after boot of the bootstrap pCPU has made the final page tables.
 */
void *arch_map_mmio(hpa_t base, u64 size_bytes) must_check;

/* --- the machine ------------------------------------------------------------------------------ */

__attribute__((noreturn)) void arch_reboot(void);
__attribute__((noreturn)) void arch_poweroff(void);
/* Stops this pCPU for good. */
__attribute__((noreturn)) void arch_halt(void);

/* For panic(): stops every other pCPU by NMI, whatever it does. */
void arch_stop_others(void);

/* Return addresses found by following frame pointers from `frame` (a value of RBP), innermost
 * first; at most `max`. Returns their number. Safe with any value of `frame`. */
u32 arch_backtrace(u64 frame, u64 *callers, u32 max);

/* Ends an emulator run: writes `code` to QEMU's isa-debug-exit port, or Bochs's shutdown port;
 * where there is neither, this returns. Only used when the command line asks for it. */
void arch_emulator_exit(u8 code);

/* Feeds this pCPU's watchdog. Taking the timer interrupt (arch_irq_window, arch_idle, exits from a
 * guest) does so too: only work of seconds without an interrupt window needs this. A pCPU that does
 * neither for the time set by watchdog= (default 10 s) is reported with a stack trace and the
 * hypervisor panics. */
void arch_watchdog_touch(void);

#endif
