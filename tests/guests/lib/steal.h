/* SPDX-License-Identifier: GPL-2.0-only */
/* A steal clock against what the CPU itself sees of its absences. Shared by the guests of the interfaces that have one. */
#ifndef TESTS_GUESTS_LIB_STEAL_H
#define TESTS_GUESTS_LIB_STEAL_H

#include "tests/guests/lib/guest.h"

/* Starts CPU 1, which shares a pCPU with this one, and has it do job() over and over while this CPU watches read_us(),
 * its steal clock in us, for half a second. Reports whether that never went back, never counted more than the CPU was
 * away, and not much less; on a machine with time of its own (option `exact=1`), where nobody else takes the pCPU away,
 * nearly as much. */
void steal_watch(u64 (*read_us)(void), void (*job)(void));

/* Half a second like that; nothing is reported. */
void steal_pass(void (*job)(void));

#endif
