/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMware's guest interface at the exits: port 5658h by IN, from user mode too, and VMCALL or VMMCALL. Only for VMs
 * with guest.interface = "vmware". Called by exit handlers, no locks held.
 */
#ifndef KERNEL_GUESTIF_VMWARE_H
#define KERNEL_GUESTIF_VMWARE_H

#include "guest-tools/abi/vmware.h"
#include "kernel/exits.h"
#include "kernel/vcpu.h"

/* Has this VM the interface? */
bool vmware_offered(const struct vcpu *vcpu);

/* IN from `port`, `size_bytes` wide: is it a call? If so it is carried out, and only RIP is left to be moved on. */
bool vmware_port(struct vcpu *vcpu, u16 port, u8 size_bytes);

/* VMCALL or VMMCALL with VMWARE_MAGIC in EAX; likewise. */
void vmware_hypercall(struct vcpu *vcpu, u8 cpl);

/* A #GP(0) of the guest: was it an IN from these ports in user mode, which may not access ports? Then it is carried
 * out and RIP moved on: true. Otherwise nothing has happened, and the guest gets its #GP. */
bool vmware_user_port(struct vcpu *vcpu);

#endif
