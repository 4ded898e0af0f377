// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a VM's device models, wired together as kernel/platform.c does. The input is a list
 * of what a guest can do (ports, MMIO, MSRs, interrupt acceptance) with time in between, small
 * steps and leaps of years. Checked: the models' own invariants, and that time cannot be stopped: a
 * deadline that was served lies in the future, or waits for the guest.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/dev/apic_route.h"
#include "kernel/dev/vioapic.h"
#include "kernel/dev/vlapic.h"
#include "kernel/dev/vpci.h"
#include "kernel/dev/vpic.h"
#include "kernel/dev/vpit.h"
#include "kernel/dev/vpm.h"
#include "kernel/dev/vreset.h"
#include "kernel/dev/vrtc.h"
#include "kernel/dev/vuart.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { CPUS = 3 };

struct fuzz_pc {
	struct vlapic lapic[CPUS];
	struct vioapic ioapic;
	struct vpic pic;
	struct vpit pit;
	struct vrtc rtc;
	struct vpm pm;
	struct vuart uart;
	struct vpci pci;
	struct vreset reset;
	u64 now_ns, tsc_offset;
	u8 rotor;
};

/* One thing that happens. */
struct fuzz_step {
	u8 kind;
	u8 cpu_size; /* vCPU, and the access size less one in bits 7:5 */
	u16 at;	     /* port, register offset, MSR, line */
	u32 pause;   /* of time before it */
	u64 value;
};

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

static struct vlapic_time pc_time(const struct fuzz_pc *pc)
{
	return (struct vlapic_time){
		.now_ns = pc->now_ns,
		.guest_tsc = pc->now_ns * 3 + pc->tsc_offset,
		.tsc_khz = 3000000,
	};
}

static void pc_deliver(struct fuzz_pc *pc, const struct apic_msg *msg)
{
	const struct vlapic *lapics[CPUS] = {&pc->lapic[0], &pc->lapic[1], &pc->lapic[2]};
	u32 set = apic_route(msg, lapics, CPUS, &pc->rotor);

	require(set >> CPUS == 0 && pc->rotor < CPUS);
	for (u32 i = 0; i < CPUS; i++) {
		if ((set >> i & 1) != 0) {
			(void)vlapic_accept_msg(&pc->lapic[i], msg);
		}
	}
}

static void pc_deliver_list(struct fuzz_pc *pc, const struct apic_msg_list *list)
{
	require(list->count <= APIC_MSG_LIST_MAX);
	for (u32 i = 0; i < list->count; i++) {
		pc_deliver(pc, &list->msg[i]);
	}
}

static void pc_line(struct fuzz_pc *pc, u32 line, bool asserted)
{
	struct apic_msg_list list = {.count = 0};

	vpic_set_line(&pc->pic, line, asserted);
	vioapic_set_line(&pc->ioapic, line == 0 ? 2 : line, asserted, &list);
	pc_deliver_list(pc, &list);
}

static void pc_effect(struct fuzz_pc *pc, const struct vlapic_effect *effect)
{
	struct apic_msg_list list = {.count = 0};

	if (effect->kind == VLAPIC_SEND) {
		pc_deliver(pc, &effect->msg);
	} else if (effect->kind == VLAPIC_BROADCAST) {
		vioapic_eoi(&pc->ioapic, effect->vector, &list);
		pc_deliver_list(pc, &list);
	}
}

/* --- steps ------------------------------------------------------------------------------------ */

static void step_lapic(struct fuzz_pc *pc, const struct fuzz_step *s, u8 size)
{
	struct vlapic *v = &pc->lapic[s->cpu_size % CPUS];
	struct vlapic_effect effect = {.kind = VLAPIC_NOTHING};
	struct vlapic_time time = pc_time(pc);
	u32 msr = s->at % 0x101 == 0x100 ? 0x6e0 : VLAPIC_MSR_FIRST + s->at % 0x100;
	u64 value;

	switch (s->kind % 7) {
	case 0:
		vlapic_mmio_write(v, s->at % 0x400 * 4 + s->value % 3 / 2, size, s->value, &time,
				  &effect);
		break;
	case 1:
		(void)vlapic_mmio_read(v, s->at % VLAPIC_MMIO_SIZE, size, &time);
		break;
	case 2:
		(void)!vlapic_msr_write(v, msr, s->value, &time, &effect);
		break;
	case 3:
		(void)!vlapic_msr_read(v, msr, &time, &value);
		break;
	case 4:
		(void)!vlapic_base_write(v, (s->value & 0xf00) | VLAPIC_BASE_GPA |
						    (s->at == 7 ? s->value : 0));
		break;
	case 5:
		vlapic_set_cr8(v, s->value & 0xf);
		break;
	default:
		if (s->at % 16 == 0) {
			vlapic_reset(v);
		} else if (vlapic_pending(v) >= 0) {
			vlapic_accept(v, (u8)vlapic_pending(v));
		}
		break;
	}
	pc_effect(pc, &effect);
}

static void step_controllers(struct fuzz_pc *pc, const struct fuzz_step *s, u8 size)
{
	static const u16 ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1};
	struct apic_msg_list list = {.count = 0};
	u8 master = pc->pic.master.isr;

	switch (s->kind % 6) {
	case 0:
		vioapic_write(&pc->ioapic,
			      s->at % 8 < 6 ? s->at % 2 * 0x10 : s->at % VIOAPIC_MMIO_SIZE, size,
			      s->value, &list);
		pc_deliver_list(pc, &list);
		break;
	case 1:
		(void)vioapic_read(&pc->ioapic, s->at % VIOAPIC_MMIO_SIZE, size);
		break;
	case 2:
		vpic_write(&pc->pic, ports[s->at % 6], (u8)s->value);
		vpit_unmasked(&pc->pit, pc->now_ns);
		break;
	case 3:
		(void)vpic_read(&pc->pic, ports[s->at % 6]);
		break;
	case 4:
		if (vpic_output(&pc->pic)) {
			u8 vector = vpic_peek_vector(&pc->pic);

			require(vpic_ack(&pc->pic) == vector);
			if ((pc->pic.master.isr & ~master & 1) != 0) {
				vpit_ack(&pc->pit, pc->now_ns);
			}
		}
		break;
	default:
		pc_line(pc, s->at % VPIC_LINES, (s->value & 1) != 0);
		break;
	}
}

static void step_port(struct fuzz_pc *pc, const struct fuzz_step *s, u8 size)
{
	bool write = (s->at & 0x8000) != 0;
	u32 value = (u32)s->value;
	u16 at = s->at & 0x7fff;

	size = size >= 4 ? 4 : size >= 2 ? 2 : 1;
	switch (s->kind % 7) {
	case 0:
		write ? vpit_write(&pc->pit, at % 4, size, value, pc->now_ns)
		      : (void)vpit_read(&pc->pit, at % 4, size, pc->now_ns);
		break;
	case 1:
		write ? vpit_port61_write(&pc->pit, (u8)value, pc->now_ns)
		      : (void)vpit_port61_read(&pc->pit, pc->now_ns);
		break;
	case 2:
		write ? vrtc_write(&pc->rtc, at % 4, size, value, pc->now_ns)
		      : (void)vrtc_read(&pc->rtc, at % 4, size, pc->now_ns);
		break;
	case 3:
		write ? vpm_write(&pc->pm, at % 64, size, value, pc->now_ns)
		      : (void)vpm_read(&pc->pm, at % 64, size, pc->now_ns);
		break;
	case 4:
		write ? vuart_write(&pc->uart, at % 8, size, value, pc->now_ns)
		      : (void)vuart_read(&pc->uart, at % 8, size, pc->now_ns);
		if ((value & 0x10000) != 0) {
			(void)vuart_rx_push(&pc->uart, (u8)value, pc->now_ns);
		}
		break;
	case 5:
		write ? vpci_write(&pc->pci, at % 8, size, value, pc->now_ns)
		      : (void)vpci_read(&pc->pci, at % 8, size, pc->now_ns);
		break;
	default: {
		static const u16 ports[] = {0x60, 0x64, 0x92, 0xcf9};

		write ? vreset_write(&pc->reset, ports[at % 4], size, value, pc->now_ns)
		      : (void)vreset_read(&pc->reset, ports[at % 4], size, pc->now_ns);
		break;
	}
	}
}

/* --- after each step -------------------------------------------------------------------------- */

static void pc_serve_time(struct fuzz_pc *pc)
{
	struct vlapic_time time = pc_time(pc);
	u8 byte;

	for (u32 i = 0; i < CPUS; i++) {
		vlapic_advance(&pc->lapic[i], &time);
		require(vlapic_deadline_ns(&pc->lapic[i]) > pc->now_ns);
	}
	vpit_advance(&pc->pit, pc->now_ns);
	vrtc_advance(&pc->rtc, pc->now_ns);
	vpm_advance(&pc->pm, pc->now_ns);
	vuart_advance(&pc->uart, pc->now_ns);
	if (vpit_take_edge(&pc->pit)) {
		pc_line(pc, 0, false);
		pc_line(pc, 0, true);
	}
	pc_line(pc, 8, vrtc_irq(&pc->rtc));
	pc_line(pc, 9, vpm_irq(&pc->pm));
	pc_line(pc, 4, vuart_irq(&pc->uart));
	while (vuart_tx_pop(&pc->uart, &byte)) {
	}
	require(vpit_deadline_ns(&pc->pit) > pc->now_ns);
	require(vrtc_deadline_ns(&pc->rtc) > pc->now_ns);
	require(vpm_deadline_ns(&pc->pm) > pc->now_ns);
	require(vuart_deadline_ns(&pc->uart) > pc->now_ns);
}

static void pc_check(const struct fuzz_pc *pc)
{
	for (u32 i = 0; i < CPUS; i++) {
		vlapic_check(&pc->lapic[i]);
	}
	vioapic_check(&pc->ioapic);
	vpic_check(&pc->pic);
	tick_backlog_check(&pc->pit.backlog);
	tick_backlog_check(&pc->rtc.backlog);
}

static void pc_init(struct fuzz_pc *pc)
{
	static const struct vpci_template card = {.vendor_id = 0x1234,
						  .device_id = 2,
						  .interrupt_pin = 1,
						  .bar = {{VPCI_BAR_IO, 64, false},
							  {VPCI_BAR_MEM32, 4096, true},
							  {VPCI_BAR_MEM64, 16384, true}}};

	memset(pc, 0, sizeof(*pc));
	for (u8 i = 0; i < CPUS; i++) {
		vlapic_init(&pc->lapic[i], i, i, i == 0);
	}
	vlapic_set_virtual_wire(&pc->lapic[0]);
	vioapic_init(&pc->ioapic, 0);
	vpic_init(&pc->pic);
	vpit_init(&pc->pit, 0);
	vrtc_init(&pc->rtc, 1700000000, MIB(512), 0);
	vpm_init(&pc->pm, 0);
	vuart_init(&pc->uart, 0);
	vpci_init(&pc->pci);
	require(vpci_register(&pc->pci, 3, &card) == 0);
	vreset_init(&pc->reset);
}

/* Nanoseconds to hours; up to 2^58 ns (9 years) now and then. */
static u64 pause_ns(u32 pause)
{
	return (u64)(pause >> 6) << (pause & 0x1f) >> ((pause & 0x20) != 0 ? 0 : 16);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct fuzz_pc pc;
	struct fuzz_step s;

	pc_init(&pc);
	for (; size >= sizeof(s); data += sizeof(s), size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		pc.now_ns += MIN(pause_ns(s.pause), BIT(60) - pc.now_ns);
		u8 bytes = (u8)(1 + (s.cpu_size >> 5)); /* MMIO that is split at a page: any size */

		if (s.kind < 90) {
			step_lapic(&pc, &s, bytes);
		} else if (s.kind < 170) {
			step_controllers(&pc, &s, bytes);
		} else if (s.kind < 250) {
			step_port(&pc, &s, bytes);
		} else {
			pc.tsc_offset = s.value;
		}
		pc_serve_time(&pc);
		pc_check(&pc);
	}
	return 0;
}
