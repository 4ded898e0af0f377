/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the dispatcher's files share: a pCPU's state, and the scheduler's locks as sched/sched.h names them. Q(p) is
 * pcpu.queue_lock, G is vm.group_lock, C is dispatch.config_lock.
 */
#ifndef KERNEL_DISPATCH_PRIV_H
#define KERNEL_DISPATCH_PRIV_H

#include "kernel/dispatch.h"
#include "kernel/lock.h"
#include "kernel/vcpu.h"
#include "kernel/vm.h"

struct pcpu {
	struct spinlock queue_lock;
	struct vcpu *resident; /* (c) writes, others look: loaded here */
	u32 unload;	       /* atomic: whatever is loaded and does not run is to be let go */
	/* (c) */
	bool in_guest; /* between load and stop of a vCPU ... */
	bool in_work;  /* ... but in dispatch_work(), after which it looks whether its time is up */
	u32 pulled;    /* tries to pull since something ran or it idled */
	u64 armed_ns;  /* what the hardware timer is set to; 0: unknown */
	/* (c) writes, others read: */
	u64 idle_ns;	   /* sum of past idle times */
	u64 idle_since_ns; /* 0: does not idle */
	u64 switches;
} aligned_to(64);

struct dispatch {
	struct sched *sched; /* (o) */
	bool check;	     /* (o) verify invariants after each step */
	struct spinlock config_lock;
	struct timer tick;
	struct sched_place places[PCPU_MAX]; /* (o) */
	struct pcpu pcpus[PCPU_MAX];
};
extern struct dispatch dispatch;

static inline struct vcpu *vcpu_of(struct sched_world *w)
{
	return container_of(w, struct vcpu, world);
}

static inline struct vm *vm_of(struct sched_world *w)
{
	return vcpu_of(w)->vm;
}

static inline void queue_lock(u32 pcpu)
{
	spin_lock(&dispatch.pcpus[pcpu].queue_lock);
}

static inline void queue_unlock(u32 pcpu)
{
	spin_unlock(&dispatch.pcpus[pcpu].queue_lock);
}

/* Two queues, perhaps the same. */
void queues_lock(u32 a, u32 b);
void queues_unlock(u32 a, u32 b);

/* Locks the queue that the world belongs to, and returns it. */
u32 world_lock(struct sched_world *w);

/* Makes a pCPU look again; SCHED_PCPU_NONE: nobody. No locks held that it may need. */
void pcpu_notify(u32 pcpu);
void kicks_send(const struct sched_kicks *kicks);

/* A vCPU that was asked to park and does not run goes on with that: with its queue locked, after it stopped or was
 * unloaded. True: the caller calls park_done() when it has unlocked. */
bool park_step(struct vcpu *vcpu) must_check;
void park_done(struct vcpu *vcpu);
/* The vCPU, if it is added, is added anew with its VM's present affinity. */
void world_move(struct vcpu *vcpu);

/* Panics when the scheduler contradicts itself; only with check=sched. Q(pcpu). */
void queue_check(u32 pcpu, u64 now_ns);

/* The scheduler's slow periodic work. */
void tick_init(void);

#endif
