/* SPDX-License-Identifier: GPL-2.0-only */
/* Between trampoline.asm and smp.c. */
#ifndef ARCH_X86_SMP_PRIV_H
#define ARCH_X86_SMP_PRIV_H

#include "arch/x86/percpu.h"

/* First C code of a started pCPU, on its own stack and the final page tables. Does not return. */
void smp_ap_main(struct percpu *p);

#endif
