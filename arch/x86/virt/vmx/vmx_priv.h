/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of vmx/ share. Not for others. */
#ifndef ARCH_X86_VIRT_VMX_VMX_PRIV_H
#define ARCH_X86_VIRT_VMX_VMX_PRIV_H

#include "arch/arch.h"
#include "arch/x86/virt/asid.h"
#include "arch/x86/virt/guest_check.h"
#include "arch/x86/virt/virt.h"
#include "arch/x86/virt/vmx/vmcs.h"
#include "arch/x86/virt/vmx/vmx_controls.h"
#include "arch/x86/virt/vmx/vmx_insn.h"
#include "arch/x86/virt/xstate.h"
#include "kernel/lib/bitmap.h"

struct vmx_vcpu;

/* One pCPU; touched by it alone. */
struct vmx_pcpu {
	u64 vmxon_pa;		  /* 0: not enabled yet */
	struct vmx_vcpu *current; /* whose VMCS is current, or NULL */
	struct asid_pool vpids;
	/* Whose extended state and other registers that VM entry does not switch are in the machine, if also its
	 * regs_current is set and its last_pcpu is this one. */
	const struct vmx_vcpu *regs_owner;
	u64 vm_serial; /* of the VM that ran here last */
};

/* What the CPU has beyond struct virt_caps; (o) by probe(). */
struct vmx_machine {
	struct vmx_capability capability;
	struct vmx_controls controls;
	struct guest_limits limits;
	u32 revision;
	/* Bits of CR0 that guests do not own, and what these are while guests run; bits of CR4 that are set then. */
	u64 cr0_mask, cr0_forced, cr4_forced;
	u64 eptp_bits;
	u64 msr_bitmap_pa;
	u64 invept_type;
	bool vpid, invvpid_one;
	u32 timer_ticks; /* of the preemption timer; 0: there is none */
	bool tsc_aux;
	bool ibpb;
};

extern struct vmx_machine vmx_machine;
extern struct vmx_pcpu vmx_pcpus[PCPU_MAX];

struct vmx_vm {
	struct virt_vm base;
	u64 serial; /* (o) from 1, never used twice */
	u64 eptp;
	u32 exceptions;
	bool pause_exiting;
	u64 apic_access; /* physical address; 0: no virtualisation of APIC accesses */
	u64 cr4_allowed; /* bits that the guest may set */
	u64 cr4_mask;	 /* bits that it does not own */
	/* Atomic: pCPUs on which no translation of an earlier VM with these tables is left. */
	u64 clean[BITMAP_WORDS(PCPU_MAX)];
};

/* vmx_vcpu.todo */
enum {
	VMX_TODO_FLUSH_LINEAR = 1, /* drop translations of this vCPU's linear addresses */
	VMX_TODO_FLUSH_ALL = 2,	   /* and of its guest-physical ones; set by any pCPU */
	VMX_TODO_UNDO = 4,	   /* an entry asked for something that the next must not */
	VMX_TODO_LAUNCH = 8,	   /* VMLAUNCH rather than VMRESUME */
};

/* Registers that belong to the guest while it is loaded and that VM entry and exit do not switch. */
struct vmx_regs {
	u64 cr2, dr[4], dr6;
	u64 star, lstar, cstar, sfmask, kernel_gs_base, tsc_aux;
};

/* Fields belong to the pCPU that owns the vCPU, but for `todo`. The host's stack pointer after an exit is the
 * address of this struct: vmx_entry.asm stores the guest's registers from there. */
struct vmx_vcpu {
	struct virt_vcpu base; /* first: vmx_entry.asm finds gpr[] there */
	struct virt_ip ip;     /* base.ip: RIP as it will be at the next entry, RFLAGS as in the VMCS */
	u64 host_rsp;	       /* of the entry under way */
	u64 vmcs_rsp;	       /* GUEST_RSP as it is in the VMCS */
	volatile u32 *tpr;     /* in the virtual-APIC page */
	u32 tpr_seen;	       /* *tpr when base.cr8 was last made the same */
	u32 intr_state;	       /* GUEST_INTERRUPTIBILITY as it is in the VMCS */
	u32 proc;	       /* VMCS_PROC as it is in the VMCS */
	u32 tpr_threshold;     /* likewise */
	u32 proc2;	       /* likewise */
	u32 todo;	       /* atomic: VMX_TODO_*, for the next entry */
	struct vmx_pcpu *pcpu; /* it is loaded on, or NULL */
	u32 last_pcpu;	       /* it was loaded on last, PCPU_NONE before the first time */
	bool regs_current;     /* see vmx_pcpu.regs_owner */
	u64 vmcs_pa;
	void *vmcs, *vapic;
	struct asid vpid;
	u64 tsc_offset;
	struct vmx_regs regs;
	struct xstate xstate;
};
static_assert(offsetof(struct vmx_vcpu, base) == 0, "vmx_entry.asm");
assert_offset(struct virt_vcpu, gpr, 0);
assert_offset(struct vmx_vcpu, host_rsp, 1296);

static inline struct vmx_vcpu *vmx_vcpu_of(struct virt_vcpu *vcpu)
{
	return container_of(vcpu, struct vmx_vcpu, base);
}

static inline struct vmx_vm *vmx_vm_of(struct virt_vm *vm)
{
	return container_of(vm, struct vmx_vm, base);
}

static inline u32 vmx_control(enum vmx_word word)
{
	return vmx_machine.controls.word[word];
}

/* vmx_caps.c */
/* Reads what the CPU can do and fills vmx_machine; NULL, or what it lacks. */
const char *vmx_caps_read(void) must_check;
void vmx_caps_publish(struct virt_caps *caps);

/* SDM vol. 3, table 9-1. */
#define VMX_RESET_RIP 0xfff0u

/* vmx_setup.c */
/* Fills the current VMCS with all that does not change with the guest. False: the CPU refuses a field. */
bool vmx_setup_controls(const struct vmx_vcpu *v) must_check;
void vmx_setup_reset_state(void);
/* Winds the preemption timer up. */
void vmx_setup_timer(void);
/* Secondary controls of a vCPU whose APIC page is, or is not, the guest's. */
u32 vmx_setup_proc2(const struct vmx_vcpu *v);
/* The host's side, for this pCPU. */
void vmx_setup_host(const struct vmx_vcpu *v);
void vmx_setup_msr_bitmap(u8 *bitmap);

/* vmx_vcpu.c */
int vmx_vm_create(const struct virt_vm_config *config, struct virt_vm **vm) must_check;
void vmx_vm_destroy(struct virt_vm *vm);
int vmx_vcpu_create(struct virt_vm *vm, u32 index, struct virt_vcpu **vcpu) must_check;
void vmx_vcpu_destroy(struct virt_vcpu *vcpu);
void vmx_vcpu_reset(struct virt_vcpu *vcpu);
void vmx_vcpu_set_tsc_offset(struct virt_vcpu *vcpu, u64 offset);

/* vmx_load.c */
void vmx_vcpu_load(struct virt_vcpu *vcpu);
void vmx_vcpu_unload(struct virt_vcpu *vcpu);
u64 vmx_vcpu_get_xcr0(struct virt_vcpu *vcpu);
int vmx_vcpu_set_xcr0(struct virt_vcpu *vcpu, u64 xcr0) must_check;
void vmx_vcpu_flush_tlb(struct virt_vcpu *vcpu);
/* Before an entry: what of VMX_TODO_FLUSH_* is in `todo`. */
void vmx_load_flush(struct vmx_vcpu *v, u32 todo);
/* The MSRs of struct vmx_regs into the machine. */
void vmx_load_msrs(const struct vmx_vcpu *v);
/* Reset values into the registers of struct vmx_regs and the extended state. */
void vmx_load_reset(struct vmx_vcpu *v);
/* Makes the vCPU's VMCS current for a moment, where it is not; `before` goes to the end of it. */
struct vmx_vcpu *vmx_vmcs_borrow(struct vmx_vcpu *v);
void vmx_vmcs_return(struct vmx_vcpu *v, struct vmx_vcpu *before);

/* vmx_state.c */
void vmx_vcpu_get_state(struct virt_vcpu *vcpu, u32 mask, struct guest_state *state);
int vmx_vcpu_set_state(struct virt_vcpu *vcpu, u32 mask, const struct guest_state *state) must_check;
bool vmx_vcpu_end_insn(struct virt_vcpu *vcpu);
/* RIP behind the instruction of `len` bytes at RIP. */
u64 vmx_state_next_rip(const struct vmx_vcpu *v, u8 len);
/* The VMCS must be current: CR0, CR4 and EFER with what follows from them. */
void vmx_state_set_control(struct vmx_vcpu *v, const struct guest_state *state);
/* Changes interruptibility bits. */
void vmx_state_set_intr_state(struct vmx_vcpu *v, u32 clear, u32 set);

/* vmx_cr_exit.c */
/* A write of CR0 or CR4 that the masks kept from hardware: carries it out, and makes of the exit what is left to do. */
void vmx_cr_exit(struct vmx_vcpu *v, struct vm_exit *exit);

/* vmx_inject.c */
/* Sets up this entry's events, takes back what the last one asked for; true if the next entry has to look again. */
bool vmx_inject_prepare(struct vmx_vcpu *v, const struct virt_inject *inject, bool *irq_taken);
/* After an exit with IDT-vectoring information `info`. */
struct virt_event vmx_inject_interrupted(struct vmx_vcpu *v, u32 info);

/* vmx_run.c */
bool vmx_run(struct virt_vcpu *vcpu, const struct virt_inject *inject) must_check;
bool vmx_run_exit(struct vmx_vcpu *v);
bool vmx_run_failed(void);

/* vmx_dump.c */
/* The current VMCS to the log, after an entry that failed. */
void vmx_dump(void);

/* vmx_entry.asm: enter the guest, by VMRESUME and by VMLAUNCH; what vmx_run_exit() or vmx_run_failed() returned
 * afterwards. And where the CPU goes on after an exit. */
bool vmx_enter(struct vmx_vcpu *v) must_check;
bool vmx_launch(struct vmx_vcpu *v) must_check;
void vmx_exit_entry(void);

#endif
