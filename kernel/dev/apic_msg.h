/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One interrupt message on a VM's virtual APIC bus: what an IOAPIC pin, an MSI write or an IPI
 * turns into, and what apic_route() resolves to vCPUs. Pure data. Encodings: SDM vol. 3, 11.6.1
 * (ICR) and 11.11 (MSI).
 */
#ifndef KERNEL_DEV_APIC_MSG_H
#define KERNEL_DEV_APIC_MSG_H

#include "kernel/lib/types.h"

/* Delivery modes as encoded in ICR, LVT, redirection entries and MSI data. */
enum apic_delivery {
	APIC_FIXED = 0,
	APIC_LOWEST = 1,
	APIC_SMI = 2,
	APIC_REMOTE_READ = 3, /* obsolete: delivered to nobody */
	APIC_NMI = 4,
	APIC_INIT = 5,
	APIC_STARTUP = 6,
	APIC_EXTINT = 7,
};

/* Destination shorthands as encoded in ICR bits 19:18. */
enum apic_shorthand {
	APIC_TO_DEST = 0,
	APIC_TO_SELF = 1,
	APIC_TO_ALL = 2,
	APIC_TO_OTHERS = 3,
};

/* `source` of messages that no vCPU sent. */
#define APIC_SOURCE_DEVICE 0xffu

/* Most vCPUs of a VM, and so bits in a destination set. */
#define APIC_VCPUS_MAX	   32u

struct apic_msg {
	u32 dest; /* 8 bits, or 32 when `wide` */
	u8 vector;
	u8 delivery;  /* enum apic_delivery */
	u8 shorthand; /* enum apic_shorthand; only from vCPUs */
	u8 source;    /* index of the sending vCPU in its VM, or APIC_SOURCE_DEVICE */
	bool wide;    /* sent in x2APIC mode: 32-bit destination, broadcast is all ones */
	bool logical; /* destination mode */
	bool level;   /* trigger mode: sets the TMR bit, so that its EOI is broadcast */
};

/* Messages that one change of a device produced, at most one for each pin. */
#define APIC_MSG_LIST_MAX 24u

struct apic_msg_list {
	u32 count;
	struct apic_msg msg[APIC_MSG_LIST_MAX];
};

/* The message that a write of `data` to `address` in FEExxxxxh means (SDM 11.11). A
 * compatibility-format MSI; the redirection hint makes it lowest priority. */
static inline struct apic_msg apic_msg_from_msi(u64 address, u32 data)
{
	u8 delivery = (data >> 8) & 7;
	bool hint = address & BIT(3);

	return (struct apic_msg){
		.dest = (address >> 12) & 0xff,
		.vector = data & 0xff,
		.delivery = hint && delivery == APIC_FIXED ? APIC_LOWEST : delivery,
		.shorthand = APIC_TO_DEST,
		.source = APIC_SOURCE_DEVICE,
		.logical = address & BIT(2),
		.level = data & BIT(15),
	};
}

#endif
