// SPDX-License-Identifier: GPL-2.0-only
/* See vmx_event.h. */
#include "arch/x86/virt/vmx/vmx_event.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmcs.h"

/* Those for which VM entry wants an error code, and only those (SDM vol. 3, 26.2.1.3). */
#define HAS_ERROR                                                                                  \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) |      \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC))

/* The type of a software event is not in the event: INT3, INTO and INT1 are one byte long, the same
 * vectors by INT n two. Prefixes make no difference that matters: the types differ in checks of
 * virtual-8086 mode alone. */
static u32 software_type(const struct virt_event *event)
{
	if (event->insn_len != 1) {
		return VMX_TYPE_SOFTINT;
	}
	return event->vector == VECTOR_DB ? VMX_TYPE_PRIV_SW_EXCEPTION : VMX_TYPE_SW_EXCEPTION;
}

u32 vmx_event_encode(const struct virt_event *event, bool protected)
{
	u32 info = (u32)VMX_EVENT_VALID | event->vector;

	switch (event->type) {
	case VIRT_EVENT_EXTINT:
		return info | VMX_TYPE_EXTINT << VMX_EVENT_TYPE_SHIFT;
	case VIRT_EVENT_NMI:
		return (u32)VMX_EVENT_VALID | VECTOR_NMI | VMX_TYPE_NMI << VMX_EVENT_TYPE_SHIFT;
	case VIRT_EVENT_EXCEPTION:
		if (protected && event->vector < 32 && (HAS_ERROR & BIT(event->vector)) != 0) {
			info |= (u32)VMX_EVENT_ERROR;
		}
		return info | VMX_TYPE_HW_EXCEPTION << VMX_EVENT_TYPE_SHIFT;
	case VIRT_EVENT_SOFTINT:
		return info | software_type(event) << VMX_EVENT_TYPE_SHIFT;
	default:
		return 0;
	}
}

struct virt_event vmx_event_decode(u32 info, u32 error, u32 insn_len)
{
	static const u8 types[VMX_EVENT_TYPE + 1] = {
		[VMX_TYPE_EXTINT] = VIRT_EVENT_EXTINT,
		[VMX_TYPE_NMI] = VIRT_EVENT_NMI,
		[VMX_TYPE_HW_EXCEPTION] = VIRT_EVENT_EXCEPTION,
		[VMX_TYPE_SOFTINT] = VIRT_EVENT_SOFTINT,
		[VMX_TYPE_PRIV_SW_EXCEPTION] = VIRT_EVENT_SOFTINT,
		[VMX_TYPE_SW_EXCEPTION] = VIRT_EVENT_SOFTINT,
	};
	struct virt_event event = {.type = VIRT_EVENT_NONE};

	if ((info & VMX_EVENT_VALID) == 0) {
		return event;
	}
	event.type = types[info >> VMX_EVENT_TYPE_SHIFT & VMX_EVENT_TYPE];
	event.vector = info & VMX_EVENT_VECTOR;
	event.has_error = (info & VMX_EVENT_ERROR) != 0;
	event.error = event.has_error ? error : 0;
	event.insn_len = event.type == VIRT_EVENT_SOFTINT ? (u8)insn_len : 0;
	return event;
}
