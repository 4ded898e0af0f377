/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine: its life (power on, pause, reset, off) and what its vCPUs share.
 *
 * State changes are asked for from anywhere and carried out in steps: vm_request() tells every vCPU to park; when all
 * have, vm_housekeeping() on pCPU 0 goes on. Nobody waits.
 */
#ifndef KERNEL_VM_H
#define KERNEL_VM_H

#include "arch/x86/emul/walk.h"
#include "arch/x86/virt/virt.h"
#include "kernel/config.h"
#include "kernel/cpuid_policy.h"
#include "kernel/lib/ring.h"
#include "kernel/platform.h"
#include "kernel/vcpu.h"
#include "kernel/vm_console.h"
#include "mm/p2m.h"

enum vm_state {
	VM_OFF,
	VM_RUNNING,
	VM_PAUSED,
	VM_STOPPING, /* vCPUs parking or memory going back */
};

/* What was asked for and not yet reached. */
enum vm_request { VM_REQ_NONE, VM_REQ_PAUSE, VM_REQ_RESET, VM_REQ_STOP };

/* Why a VM is off. */
enum vm_end {
	VM_END_NEVER_STARTED,
	VM_END_POWERED_OFF, /* by the guest */
	VM_END_STOPPED,	    /* by the monitor */
	VM_END_DEBUG_EXIT,  /* debug-exit port; vm.exit_status holds what was written */
	VM_END_CRASHED,	    /* stopped for what it did; vm.end_reason says it */
	VM_END_FAILED,	    /* could not be started; vm.end_reason says why */
};

struct vm {
	u16 id;				/* (o) 1.. */
	struct vm_config config;	/* (o) */
	char file[128];			/* (o) the .vmx it came from */

	struct spinlock state_lock;
	enum vm_state state;		/* [state_lock] */
	enum vm_request request;	/* [state_lock] */
	enum vm_end end;		/* [state_lock] */
	u32 exit_status;		/* [state_lock] */
	char end_reason[160];		/* [state_lock] */
	u32 parked;			/* atomic: vCPUs that have parked */
	u32 resets;			/* [state_lock] times reset since power-on */
	u64 rebuild_ns;			/* pCPU 0: a reset waits until then before it builds the VM again */

	/* From power-on to power-off: */
	struct virt_vm *hw;
	struct walk_mem mem;		/* guest RAM as hw reads it */
	struct p2m p2m;
	struct cpuid_table cpuid;
	struct msr_policy msr_policy;
	bool tsc_moved;			/* atomic: a vCPU's TSC is no longer like the others' */
	u64 tsc_start;			/* machine TSC at power-on: the guest's TSC starts at 0 */
	struct vm_console console;	/* its own lock; outlives power-off */
	struct vcpu *vcpus[VM_VCPUS_MAX];
	struct spinlock group_lock;
	struct sched_group group;	/* [group_lock], and as sched/sched.h says */
	bool group_added;		/* [sched.config] */
	u64 affinity[BITMAP_WORDS(PCPU_MAX)]; /* [sched.config] */
	struct platform platform;	/* its own lock */
	u64 reserved_pages;		/* machine memory set aside by admission control */
	u64 fixed_pages;		/* hypervisor memory taken at power-on, page tables apart; other VMs'
					 * new tables meanwhile count in */
};

/* Before the first VM is added. pCPU 0. */
void vm_init(void);

/* Creates a VM from a parsed configuration, off. ERR_LIMIT: too many; ERR_EXIST: the name is taken. pCPU 0. */
int vm_add(const struct vm_config *config, const char *file, struct vm **out) must_check;

/* Power on. On failure the VM stays off and vm.end_reason says why. ERR_BUSY: not off; ERR_NOMEM: admission
 * control; ERR_NOENT, ERR_FORMAT: kernel. pCPU 0. */
int vm_start(struct vm *vm) must_check;

/* Asks for pause, stop or reset. ERR_BUSY: not possible in the present state. Any pCPU. */
int vm_request(struct vm *vm, enum vm_request request) must_check;
int vm_resume(struct vm *vm) must_check;

/* Ends the VM from inside one of its vCPUs: power-off, debug exit, crash. Any pCPU. */
void vm_end(struct vm *vm, enum vm_end end, u32 status, const char *reason_fmt, ...)
	printf_like(4, 5);

/* A vCPU reports that it has parked. */
void vm_vcpu_parked(struct vm *vm);

/* Carries on with state changes. pCPU 0's dispatch loop. */
void vm_housekeeping(void);

/* The table of VMs: index 0 .. vm_count()-1. */
u32 vm_count(void);
struct vm *vm_at(u32 index);
struct vm *vm_by_name(const char *name);

const char *vm_state_name(enum vm_state state);
/* "powered off", "debug exit 3", "crashed: ..." */
void vm_end_describe(struct vm *vm, char *buf, size_t size);

/* Most machine pages that the hypervisor itself may need for this VM (tables, vCPUs, bitmaps). */
u64 vm_overhead_pages(const struct vm *vm);


/* True when every VM has ended; *failed counts those whose end is not a success (power-off, or debug exit 0). */
bool vm_all_ended(u32 *failed);

#endif
