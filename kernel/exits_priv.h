/* SPDX-License-Identifier: GPL-2.0-only */
/* The exit handlers that have files of their own. */
#ifndef KERNEL_EXITS_PRIV_H
#define KERNEL_EXITS_PRIV_H

#include "kernel/exits.h"
#include "kernel/vcpu.h"

/* Calls the row's `timed` handler. */
enum exit_action exit_timed(struct vcpu *vcpu, struct vm_exit *exit);

enum exit_action exit_rdmsr(struct vcpu *vcpu, struct vm_exit *exit);
enum exit_action exit_wrmsr(struct vcpu *vcpu, struct vm_exit *exit);
enum exit_action exit_hypercall(struct vcpu *vcpu, struct vm_exit *exit);
enum exit_action exit_io(struct vcpu *vcpu, struct vm_exit *exit);

/* Port access by IN, OUT, INS or OUTS; sizes 1, 2, 4. */
u32 exit_port_read(struct vcpu *vcpu, u16 port, u8 size_bytes);
void exit_port_write(struct vcpu *vcpu, u16 port, u8 size_bytes, u32 value);

#endif
