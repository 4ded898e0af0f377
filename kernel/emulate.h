/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that hardware cannot finish: fetched through the guest's page tables, decoded, and executed on its
 * registers, RAM and devices (arch/x86/emul does the pure part). Called by exit handlers, no locks held.
 */
#ifndef KERNEL_EMULATE_H
#define KERNEL_EMULATE_H

#include "arch/x86/emul/decode.h"
#include "kernel/exits.h"
#include "kernel/vcpu.h"

/* Executes the instruction at RIP: string I/O for EXIT_IO, else an access to device memory. Faults are raised in the
 * guest; what cannot be executed stops the VM. An instruction that is not of that kind is left alone. */
enum exit_action emulate_insn(struct vcpu *vcpu, struct vm_exit *exit);

/* Decodes the instruction at RIP without executing it. Same errors as insn_decode(); ERR_FAULT: it cannot be read. */
int emulate_decode(struct vcpu *vcpu, struct insn *insn) must_check;

#endif
