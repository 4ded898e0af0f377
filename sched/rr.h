/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Round robin: a first-in first-out queue per pCPU and equal slices. See rr.c.
 */
#ifndef SCHED_RR_H
#define SCHED_RR_H

#include "sched/sched.h"

/* Locking: one lock for the whole policy. */
extern const struct sched_ops sched_rr;

#endif
