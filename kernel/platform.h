/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The devices of one VM other than the local APICs: which I/O port or guest-physical address is whose, how their
 * interrupt lines reach PIC and IOAPIC, and their common timer. The device models themselves are kernel/dev/.
 *
 * One lock per VM (`devices`) around every access. It is released before anything is delivered to vCPUs.
 */
#ifndef KERNEL_PLATFORM_H
#define KERNEL_PLATFORM_H

#include "kernel/dev/vioapic.h"
#include "kernel/dev/vpci.h"
#include "kernel/dev/vpic.h"
#include "kernel/dev/vpit.h"
#include "kernel/dev/vpm.h"
#include "kernel/dev/vreset.h"
#include "kernel/dev/vrtc.h"
#include "kernel/dev/vuart.h"
#include "kernel/lock.h"
#include "kernel/timer.h"

struct vm;

#define PLATFORM_UARTS 2u

struct platform {
	struct spinlock lock;
	/* All [lock]: */
	struct vpic pic;
	struct vioapic ioapic;
	struct vpit pit;
	struct vrtc rtc;
	struct vpm pm;
	struct vuart uart[PLATFORM_UARTS];
	struct vpci pci;
	struct vreset reset;
	u32 lines;	    /* level of each device's line, by ISA number, as last given to the controllers */
	u8 route_rotor;	    /* see apic_route() */
	bool pic_output;    /* as last told to the vCPUs */
	u8 pit_vector;	    /* vector of IOAPIC pin 2 when it carries the PIT, else 0: read without lock */
	struct timer timer;
	struct vm *vm;	    /* (o) */
};

/* Power-on state; with `reset` the clock and its CMOS memory go on from before. */
void platform_init(struct platform *p, struct vm *vm, bool reset, u64 now_ns);
/* No callback runs after this. */
void platform_stop(struct platform *p);

/* Port access of 1, 2 or 4 bytes by a vCPU; ports without a device read all ones. */
u32 platform_port_read(struct platform *p, u16 port, u8 size_bytes);
void platform_port_write(struct platform *p, u16 port, u8 size_bytes, u32 value);

/* Access to guest-physical memory that is not RAM, local APIC excluded; 1, 2, 4 or 8 bytes. Nobody there: reads give
 * all ones, writes vanish. */
u64 platform_mmio_read(struct platform *p, gpa_t at, u8 size_bytes);
void platform_mmio_write(struct platform *p, gpa_t at, u8 size_bytes, u64 value);

/* A local APIC ended the level interrupt `vector`. */
void platform_eoi(struct platform *p, u8 vector);

/* The vector that the PIC would give now; -1: it asks for nothing. */
int platform_pic_vector(struct platform *p);
/* A vCPU has taken the PIC's interrupt, in the form of the vector that it was given. */
void platform_pic_ack(struct platform *p, u8 vector);
/* A vCPU has taken fixed interrupt `vector` from its local APIC: tick sources count on it. */
void platform_irq_taken(struct platform *p, u8 vector);

/* How far the guest's tick interrupts lag behind, ns; local APICs apart. */
u64 platform_tick_lag_ns(struct platform *p);
/* Gives up the tick interrupts that are due and not yet delivered; local APICs apart. */
void platform_drop_backlog(struct platform *p);

/* Routes and delivers an interrupt message of a local APIC or device. No locks held. */
void platform_send(struct vm *vm, const struct apic_msg *msg);

/* Gives up to `size` received bytes to COM1; returns how many it took. */
u32 platform_uart_input(struct platform *p, const u8 *bytes, u32 size);

#endif
