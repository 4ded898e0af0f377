// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOAPIC: redirection entries, lines, end of interrupt. Intel 82093AA data sheet (order 290566),
 * chapter 3; the EOI register as in later chipsets (ICH datasheets, "EOI register"). Pure; under
 * the VM's device lock.
 */
#include "kernel/dev/vioapic.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"

/* Page offsets. */
#define IOREGSEL	  0x00u
#define IOWIN		  0x10u
#define IOAPIC_EOI	  0x40u

/* Indirect registers. */
#define REG_ID		  0x00u
#define REG_VER		  0x01u
#define REG_ARB		  0x02u
#define REG_REDIR	  0x10u

#define VERSION_VALUE	  (0x20u | (VIOAPIC_PINS - 1) << 16)

/* Redirection entry. */
#define ENTRY_VECTOR(e)	  ((u8)(e))
#define ENTRY_DELIVERY(e) ((u8)((e) >> 8 & 7))
#define ENTRY_LOGICAL	  BIT(11)
#define ENTRY_REMOTE_IRR  BIT(14)
#define ENTRY_LEVEL	  BIT(15)
#define ENTRY_MASKED	  BIT(16)
#define ENTRY_DEST(e)	  ((u8)((e) >> 56))
/* Vector, delivery, destination mode, polarity, trigger, mask, destination. */
#define ENTRY_WRITABLE	  0xff0000000001afffull

void vioapic_init(struct vioapic *io, u8 id)
{
	*io = (struct vioapic){.id = id & 0xf};
	vioapic_reset(io);
}

void vioapic_reset(struct vioapic *io)
{
	io->index = 0;
	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		io->entry[pin] = ENTRY_MASKED;
	}
}

static bool pin_is_asserted(const struct vioapic *io, u32 pin)
{
	return (io->lines >> pin & 1) != 0;
}

/* Level triggering means something for Fixed and Lowest only; the data sheet asks for edge with the
 * other modes, and has no EOI for them. */
static bool entry_waits_for_eoi(u64 entry)
{
	return (entry & ENTRY_LEVEL) != 0 && ENTRY_DELIVERY(entry) <= APIC_LOWEST;
}

static void pin_send(struct vioapic *io, u32 pin, struct apic_msg_list *out)
{
	u64 entry = io->entry[pin];

	if (entry_waits_for_eoi(entry)) {
		io->entry[pin] |= ENTRY_REMOTE_IRR;
	}
	assert(out->count < APIC_MSG_LIST_MAX);
	out->msg[out->count++] = (struct apic_msg){
		.dest = ENTRY_DEST(entry),
		.vector = ENTRY_VECTOR(entry),
		.delivery = ENTRY_DELIVERY(entry),
		.source = APIC_SOURCE_DEVICE,
		.logical = (entry & ENTRY_LOGICAL) != 0,
		.level = entry_waits_for_eoi(entry),
	};
}

/* Sends a level interrupt that is due: asserted, not masked, the one before ended. */
static void pin_send_level(struct vioapic *io, u32 pin, struct apic_msg_list *out)
{
	u64 entry = io->entry[pin];

	if (pin_is_asserted(io, pin) && entry_waits_for_eoi(entry) &&
	    (entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) == 0) {
		pin_send(io, pin, out);
	}
}

void vioapic_set_line(struct vioapic *io, u32 pin, bool asserted, struct apic_msg_list *out)
{
	u64 entry;
	bool rises;

	assert(pin < VIOAPIC_PINS);
	entry = io->entry[pin];
	rises = asserted && !pin_is_asserted(io, pin);
	io->lines = (io->lines & ~(1u << pin)) | (u32)asserted << pin;
	if (entry_waits_for_eoi(entry)) {
		pin_send_level(io, pin, out);
	} else if (rises && (entry & ENTRY_MASKED) == 0) {
		/* An edge at a masked pin is lost, says the data sheet (interrupt mask). */
		pin_send(io, pin, out);
	}
}

void vioapic_eoi(struct vioapic *io, u8 vector, struct apic_msg_list *out)
{
	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		if (ENTRY_VECTOR(io->entry[pin]) == vector &&
		    (io->entry[pin] & ENTRY_REMOTE_IRR) != 0) {
			io->entry[pin] &= ~ENTRY_REMOTE_IRR;
			pin_send_level(io, pin, out);
		}
	}
}

/* --- registers -------------------------------------------------------------------------------- */

static u32 reg_read(const struct vioapic *io, u32 reg)
{
	u32 pin = (reg - REG_REDIR) / 2;

	switch (reg) {
	case REG_ID:
	case REG_ARB:
		return (u32)io->id << 24;
	case REG_VER:
		return VERSION_VALUE;
	default:
		break;
	}
	if (reg < REG_REDIR || pin >= VIOAPIC_PINS) {
		return 0;
	}
	return (u32)(io->entry[pin] >> (reg % 2 * 32));
}

static void entry_write(struct vioapic *io, u32 pin, u64 value, struct apic_msg_list *out)
{
	u64 kept = io->entry[pin] & ENTRY_REMOTE_IRR;

	value &= ENTRY_WRITABLE;
	/* Edge mode has no remote IRR: going there and back is how old drivers clear a stuck one.
	 */
	if (entry_waits_for_eoi(value)) {
		value |= kept;
	}
	io->entry[pin] = value;
	pin_send_level(io, pin, out);
}

static void reg_write(struct vioapic *io, u32 reg, u32 value, struct apic_msg_list *out)
{
	u32 pin = (reg - REG_REDIR) / 2, shift = reg % 2 * 32;

	if (reg == REG_ID) {
		io->id = value >> 24 & 0xf;
	} else if (reg >= REG_REDIR && pin < VIOAPIC_PINS) {
		u64 keep = io->entry[pin] & ~(0xffffffffull << shift);

		entry_write(io, pin, keep | (u64)value << shift, out);
	}
}

static u64 size_mask(u8 size_bytes)
{
	return size_bytes >= 8 ? UINT64_MAX : BIT(size_bytes * 8u) - 1;
}

u64 vioapic_read(const struct vioapic *io, u32 offset, u8 size_bytes)
{
	u32 value;

	switch (offset & ~3u) {
	case IOREGSEL:
		value = io->index;
		break;
	case IOWIN:
		value = reg_read(io, io->index);
		break;
	default:
		return 0;
	}
	return (u64)value >> (offset % 4 * 8) & size_mask(size_bytes);
}

void vioapic_write(struct vioapic *io, u32 offset, u8 size_bytes, u64 value,
		   struct apic_msg_list *out)
{
	u32 shift = offset % 4 * 8;
	u32 mask = (u32)(size_mask(size_bytes) << shift);
	u32 bits = (u32)(value << shift) & mask;

	switch (offset & ~3u) {
	case IOREGSEL:
		/* The low byte is the register; the rest is reserved. */
		io->index = (u8)((io->index & ~mask) | bits);
		break;
	case IOWIN:
		/* Narrow writes change their bytes of the register. */
		reg_write(io, io->index, (reg_read(io, io->index) & ~mask) | bits, out);
		break;
	case IOAPIC_EOI:
		if (shift == 0) {
			vioapic_eoi(io, (u8)value, out);
		}
		break;
	default:
		break;
	}
}

void vioapic_check(const struct vioapic *io)
{
	assert(io->id <= 0xf);
	assert(io->lines >> VIOAPIC_PINS == 0);
	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		u64 entry = io->entry[pin];

		assert((entry & ~(ENTRY_WRITABLE | ENTRY_REMOTE_IRR)) == 0);
		assert(entry_waits_for_eoi(entry) || (entry & ENTRY_REMOTE_IRR) == 0);
		/* An asserted level interrupt is never forgotten. */
		assert(!entry_waits_for_eoi(entry) || !pin_is_asserted(io, pin) ||
		       (entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) != 0);
	}
}
