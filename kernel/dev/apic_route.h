/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which vCPUs an interrupt message goes to: SDM vol. 3, 11.6.2 (destinations) and 11.12.10 (x2APIC
 * logical ids). Pure. Reads the vLAPICs' `route` and `ppr` words only, without a lock: a guest that
 * changes an APIC's address while a message is under way gets the old or the new answer, as on
 * hardware.
 */
#ifndef KERNEL_DEV_APIC_ROUTE_H
#define KERNEL_DEV_APIC_ROUTE_H

#include "kernel/dev/apic_msg.h"
#include "kernel/dev/vlapic.h"

/* The set of destinations of `msg`, bit i for lapics[i]; `count` <= APIC_VCPUS_MAX. 0: nobody.
 * FIXED, LOWEST, EXTINT and SMI reach software-enabled APICs; NMI, INIT and STARTUP all that are
 * globally enabled. LOWEST gives at most one: least processor priority, and among equals the next
 * after *rotor, which it then names. *rotor belongs to the VM; races on it only make the rotation
 * less even. */
u32 apic_route(const struct apic_msg *msg, const struct vlapic *const *lapics, u32 count,
	       u8 *rotor);

#endif
