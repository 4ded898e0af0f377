/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that costs an exact number of instructions, clocks to wait for, and how much of a CPU the caller got: for guests that
 * measure a scheduler. In a deterministic emulator, where instructions are time, these figures are exact.
 *
 * Options of all guests that measure: `from=` ms after boot (500) the window begins, at the next whole second of the
 * machine, or multiple of `wall=` seconds (0: at once), so that it is the same for all guests; `ms=` its length (2000); `after=` ms to
 * go on before the result is printed (300), so that printing falls into nobody's window. `piece=` blocks of work (20)
 * between two looks at the clock.
 *
 * They work with interrupts enabled, as any program does, though there are none: on the AMD-V of Bochs 2.7 the machine's
 * interrupts do not end guest mode while the guest has them disabled.
 */
#ifndef TESTS_GUESTS_LIB_WORK_H
#define TESTS_GUESTS_LIB_WORK_H

#include "tests/guests/lib/guest.h"

/* Instructions of one block of work. */
#define WORK_BLOCK 500u

/* Runs so many blocks, at least 1: no memory access, nothing that could exit, no PAUSE. */
static inline void work(u32 blocks)
{
	__asm__ volatile("1: .rept 498; nop; .endr; dec %0; jnz 1b" : "+r"(blocks) : : "cc");
}

/* TSC ticks of `blocks` blocks on a CPU that nobody takes away: the least of many tries. */
u64 work_cost_tsc(u32 blocks);
/* Blocks that take `us` microseconds on such a CPU, at least 1. */
u32 work_blocks(u64 us);

struct work_window {
	u64 from_tsc, end_tsc, print_tsc;
	u64 wall_s; /* the machine's time at the begin, the same for all guests; 0: a machine that does not tell it */
};

/* By the options. Later when the start has taken longer. */
struct work_window work_window(void);
/* Works without counting. */
void work_forever(void);

/* Pieces of work done at a time. */
struct work_corner {
	u64 tsc, pieces;
};

/* What work_until() saw. A gap: 100 us and more in which the CPU did something else. Where gaps begin and end is written to
 * `corners` as long as there is room. */
struct work_count {
	u64 pieces, gaps, gap_max_tsc, cost_tsc;
	struct work_corner *corners;
	u32 corner_count, corner_max;
};

/* Works piece by piece until the TSC says `end_tsc`, adding to *count. */
void work_until(u64 end_tsc, struct work_count *count);
/* Millionths of a CPU that were received in the window. */
u64 work_ppm(const struct work_count *count, const struct work_window *window);
u64 tsc_to_us(u64 tsc);
u64 us_to_tsc(u64 us);

/* Halts until the TSC says `due_tsc`; returns the TSC of the interrupt handler's first instructions. Uses vector
 * VEC_ALARM and the local APIC's timer of the calling CPU; interrupts are enabled afterwards. */
#define VEC_ALARM 0x60
u64 alarm_wait(u64 due_tsc);

/* A barrier for spinning CPUs. */
struct barrier {
	u32 arrived, generation;
};
void barrier_wait(struct barrier *b, u32 count);

#endif
