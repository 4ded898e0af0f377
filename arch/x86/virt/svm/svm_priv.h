/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of svm/ share. Not for others. */
#ifndef ARCH_X86_VIRT_SVM_SVM_PRIV_H
#define ARCH_X86_VIRT_SVM_SVM_PRIV_H

#include "arch/arch.h"
#include "arch/x86/virt/asid.h"
#include "arch/x86/virt/svm/svm_state.h"
#include "arch/x86/virt/svm/vmcb.h"
#include "arch/x86/virt/virt.h"
#include "arch/x86/virt/xstate.h"

struct svm_vcpu;

/* One pCPU; touched by it alone. */
struct svm_pcpu {
	u64 hsave_pa; /* where hardware keeps host state while a guest runs; 0: not enabled yet */
	u64 host_pa;  /* host state that VMLOAD brings back */
	struct asid_pool asids;
	bool flush_all; /* the TLB must be flushed at the next entry to any guest */
	/* Whose extended state and debug registers are in the machine, if also its regs_current is set and its
	 * last_pcpu is this one. */
	const struct svm_vcpu *regs_owner;
	u64 vm_serial; /* of the VM that ran here last */
	u64 tsc_aux;   /* in the machine's MSR */
};

/* What the CPU has beyond struct virt_caps, and what is shared by all guests; (o) by probe(). */
struct svm_machine {
	struct guest_limits limits;
	u64 iopm_pa, msrpm_pa;
	u32 asid_count;
	bool flush_by_asid;
	bool pause_filter;
	bool tsc_aux;
	bool tsc_ratio; /* the CPU scales guests' TSC */
	bool ibpb;	/* the CPU has indirect-branch prediction barriers */
	bool virq_late; /* learnt while guests run, by any pCPU: see svm_inject.c */
	u32 intercepts; /* SVM_NEEDS_*: what the machine offers */
};

extern struct svm_machine svm_machine;
extern struct svm_pcpu svm_pcpus[PCPU_MAX];

struct svm_vm {
	struct virt_vm base;
	u64 serial; /* (o) from 1, never used twice */
	u32 exceptions;
	bool pause_exiting;
};

/* svm_vcpu.todo */
enum {
	SVM_TODO_FLUSH = 1, /* flush this vCPU's translations; set by any pCPU */
	SVM_TODO_UNDO = 2,  /* an entry asked for something that the next must not */
};

/* Fields belong to the pCPU that owns the vCPU, but for `todo`. */
struct svm_vcpu {
	struct virt_vcpu base;	/* first: svm_entry.asm finds gpr[] there */
	struct vmcb *vmcb;
	u64 vmcb_pa;
	u64 host_pa;		/* of the pCPU it is loaded on */
	struct svm_pcpu *pcpu;	/* it is loaded on, or NULL */
	u32 last_pcpu;		/* it was loaded on last, PCPU_NONE before the first time */
	bool regs_current;	/* see svm_pcpu.regs_owner */
	u32 todo;		/* atomic: SVM_TODO_*, for the next entry */
	u64 int_ctl;		/* what it is at an exit, if there were no events and cr8 is as before */
	u64 virq;		/* bits of int_ctl that offer an interrupt at an entry with events */
	bool cr8_watched;	/* CR8 writes exit */
	bool event_by_virq;	/* the event of this entry went into V_IRQ */
	bool irq_by_event;	/* the interrupt offered at this entry went into EVENTINJ */
	bool virq_due;		/* V_IRQ should be taken before the guest leaves virq_rip */
	u64 virq_rip;
	u8 shadow_entries;	/* entries made without leaving shadow_rip */
	u64 shadow_rip;		/* where the shadow is, while base.irq_deferred */
	struct asid asid;
	u64 tsc_aux;
	u64 dr[4];
	struct xstate xstate;
};
assert_offset(struct svm_vcpu, base.gpr, 0);

static inline struct svm_vcpu *svm_vcpu_of(struct virt_vcpu *vcpu)
{
	return container_of(vcpu, struct svm_vcpu, base);
}

/* svm_vcpu.c */
int svm_vm_create(const struct virt_vm_config *config, struct virt_vm **vm) must_check;
void svm_vm_destroy(struct virt_vm *vm);
int svm_vcpu_create(struct virt_vm *vm, u32 index, struct virt_vcpu **vcpu) must_check;
void svm_vcpu_destroy(struct virt_vcpu *vcpu);
void svm_vcpu_reset(struct virt_vcpu *vcpu);
void svm_vcpu_get_state(struct virt_vcpu *vcpu, u32 mask, struct guest_state *state);
int svm_vcpu_set_state(struct virt_vcpu *vcpu, u32 mask, const struct guest_state *state) must_check;
bool svm_vcpu_end_insn(struct virt_vcpu *vcpu);
void svm_vcpu_set_tsc_offset(struct virt_vcpu *vcpu, u64 offset);

/* svm_load.c */
void svm_vcpu_load(struct virt_vcpu *vcpu);
void svm_vcpu_unload(struct virt_vcpu *vcpu);
void svm_vcpu_set_tsc_aux(struct svm_vcpu *v, u64 value);
u64 svm_vcpu_get_xcr0(struct virt_vcpu *vcpu);
int svm_vcpu_set_xcr0(struct virt_vcpu *vcpu, u64 xcr0) must_check;
/* Around a change of the saved registers: what the machine holds of them is void / load them again, if
 * the vCPU is loaded. */
void svm_vcpu_regs_drop(struct svm_vcpu *v);
void svm_vcpu_regs_reload(struct svm_vcpu *v);
void svm_vcpu_flush_tlb(struct virt_vcpu *vcpu);
/* Makes this entry flush what was asked for; true if hardware has to do something. */
bool svm_vcpu_prepare_tlb(struct svm_vcpu *v, bool flush);

/* svm_run.c */
bool svm_run(struct virt_vcpu *vcpu, const struct virt_inject *inject) must_check;
/* Begins and ends an interrupt shadow at the guest's RIP. */
void svm_shadow_set(struct svm_vcpu *v, bool shadow);

/* svm_inject.c */
/* Sets up this entry's events, and takes back the last one's; true if there are any. */
bool svm_inject_prepare(struct svm_vcpu *v, const struct virt_inject *inject);
/* After the exit: what became of them. Also where an event of the guest's own was interrupted. */
void svm_inject_finish(struct svm_vcpu *v, const struct virt_inject *inject, struct vm_exit *exit);
void svm_inject_set_nmi_blocked(struct svm_vcpu *v, bool blocked);

#endif
