/* SPDX-License-Identifier: GPL-2.0-only */
/* Building what a powered-on VM consists of, and taking it down again. pCPU 0, no vCPU of the VM runs. */
#ifndef KERNEL_VM_BUILD_H
#define KERNEL_VM_BUILD_H

#include "kernel/lib/types.h"

struct vm;

/* Memory map, devices, vCPUs, firmware tables, kernel. On failure everything is released and vm->end_reason says what
 * was wrong. ERR_NOMEM, ERR_NOENT (no such module), ERR_FORMAT, ERR_NOTSUP. */
int vm_build(struct vm *vm) must_check;

/* Releases a part; true when nothing is left. */
bool vm_teardown_step(struct vm *vm);

/* The CPUID that all pCPUs have in common: each pCPU adds its own, the first one before any other. ERR_NOTSUP: this pCPU is
 * of another vendor than the first. */
int vm_build_add_pcpu(void) must_check;

#endif
