/* SPDX-License-Identifier: GPL-2.0-only */
/* Events between struct virt_event and the VMCB's EVENTINJ and EXITINTINFO (APM vol. 2, 15.20, 15.7.2). Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_EVENT_H
#define ARCH_X86_VIRT_SVM_SVM_EVENT_H

#include "arch/x86/virt/virt.h"

/* EVENTINJ for an event; 0, nothing to inject, for VIRT_EVENT_NONE and for software interrupts, which the
 * guest executes again. */
u64 svm_event_encode(const struct virt_event *event);

/* The event in EXITINTINFO `info`, type NONE where there is none to deliver again. `taken_vector` is the
 * vector that was offered by V_IRQ and taken in the same entry, or -1. */
struct virt_event svm_event_decode(u64 info, int taken_vector);

/* int_ctl bits that offer an external interrupt to a guest whose TPR class is `cr8`. */
u64 svm_event_virq(u8 vector, u8 cr8);

#endif
