/* SPDX-License-Identifier: GPL-2.0-only */
/* Events between struct virt_event and VT-x's interruption-information fields (SDM vol. 3, 24.8.3, 24.9.3). Pure. */
#ifndef ARCH_X86_VIRT_VMX_VMX_EVENT_H
#define ARCH_X86_VIRT_VMX_VMX_EVENT_H

#include "arch/x86/virt/virt.h"

/* Entry interruption information for an event; 0 for VIRT_EVENT_NONE. `protected`: CR0.PE, without which no error
 * code is delivered. The error code and the instruction length have fields of their own. */
u32 vmx_event_encode(const struct virt_event *event, bool protected);

/* The event in IDT-vectoring information `info`, with the IDT-vectoring error code and the exit's instruction length. */
struct virt_event vmx_event_decode(u32 info, u32 error, u32 insn_len);

#endif
