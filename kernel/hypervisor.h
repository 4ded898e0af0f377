/* SPDX-License-Identifier: GPL-2.0-only */
/* From a machine whose pCPUs run to a hypervisor that runs VMs. */
#ifndef KERNEL_HYPERVISOR_H
#define KERNEL_HYPERVISOR_H

#include "boot/boot_info.h"

/* The bootstrap pCPU, once memory, timers and pCPUs work: chooses and probes hardware virtualisation, waits for the other
 * pCPUs to turn it on, starts the VMs. Ends in the dispatch loop. */
__attribute__((noreturn)) void hypervisor_start(const struct boot_info *boot);

/* Every other pCPU, as soon as it runs C: waits for hypervisor_start(), turns virtualisation on, dispatches. */
__attribute__((noreturn)) void hypervisor_join(u32 pcpu);

#endif
