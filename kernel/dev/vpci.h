/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI configuration space of bus 0 through configuration mechanism #1 (PCI 3.0 section 3.2.2.3.2):
 * 32 slots, one function each. Configuration space is bytes plus a mask of writable bits; BAR
 * sizing follows from the mask. What a function does with its BARs is its own device's business.
 * Pure.
 *
 * Offsets 0-7 from GUEST_PORT_PCI_CONFIG. CONFIG_ADDRESS answers 4-byte accesses only; the caller
 * gives 1-byte accesses to port 0xCF9 to vreset.
 */
#ifndef KERNEL_DEV_VPCI_H
#define KERNEL_DEV_VPCI_H

#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

#define VPCI_SLOTS	  32u
#define VPCI_CONFIG_BYTES 256u
#define VPCI_BARS	  6u

enum vpci_bar_kind { VPCI_BAR_NONE, VPCI_BAR_IO, VPCI_BAR_MEM32, VPCI_BAR_MEM64 };

/* What a function is. A 64-bit BAR takes two entries, the second of which is VPCI_BAR_NONE. */
struct vpci_template {
	u16 vendor_id, device_id;
	u16 subsystem_vendor_id, subsystem_id;
	u32 class_code; /* 24 bits: class, subclass, interface */
	u8 revision;
	u8 interrupt_pin; /* 0 none, 1 INTA .. 4 INTD */
	struct {
		enum vpci_bar_kind kind;
		u32 size_bytes; /* power of two; I/O 4 .. 256, memory 16 .. 2 GiB */
		bool prefetchable;
	} bar[VPCI_BARS];
};

struct vpci_function {
	bool present;
	u8 config[VPCI_CONFIG_BYTES];
	u8 writable[VPCI_CONFIG_BYTES]; /* bits that the guest may change */
};

struct vpci {
	u32 address; /* CONFIG_ADDRESS */
	struct vpci_function slot[VPCI_SLOTS];
	struct vpci_template template[VPCI_SLOTS]; /* for reset */
};

/* An empty bus with host bridge (slot 0) and ISA bridge (slot 1). */
void vpci_init(struct vpci *d);
/* System reset: every function back to its template. */
void vpci_reset(struct vpci *d);

/* Adds a function. ERR_RANGE: slot; ERR_EXIST: slot is taken; ERR_INVAL: template is not
 * well-formed. */
int vpci_register(struct vpci *d, u8 slot, const struct vpci_template *t) must_check;

u32 vpci_read(struct vpci *d, u16 offset, u8 size, u64 now_ns);
void vpci_write(struct vpci *d, u16 offset, u8 size, u32 value, u64 now_ns);

/* Where BAR `bar` of a slot decodes now. False: absent, or decoding is off in the command register.
 */
bool vpci_bar_address(const struct vpci *d, u8 slot, u8 bar, u64 *address);

#endif
