// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI configuration mechanism #1 and the two bridges that every machine has. A function's
 * configuration space is made from its template once; afterwards accesses are copies under a mask,
 * so nothing a guest writes needs judging.
 */
#include "kernel/dev/vpci.h"

#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"

enum { PORT_ADDRESS = 0, PORT_DATA = 4, PORT_END = 8 };

#define ADDRESS_ENABLE	  0x80000000u
#define ADDRESS_STORED	  0x80fffffcu
#define ADDRESS_BUS(a)	  (((a) >> 16) & 0xff)
#define ADDRESS_SLOT(a)	  (((a) >> 11) & 0x1f)
#define ADDRESS_FUNC(a)	  (((a) >> 8) & 7)
#define ADDRESS_OFFSET(a) ((a)&0xfc)

/* Configuration header type 0, PCI 3.0 section 6.1. */
enum {
	CFG_VENDOR = 0x00,
	CFG_DEVICE = 0x02,
	CFG_COMMAND = 0x04,
	CFG_REVISION = 0x08,
	CFG_CLASS = 0x09,
	CFG_CACHE_LINE = 0x0c,
	CFG_LATENCY = 0x0d,
	CFG_BAR0 = 0x10,
	CFG_SUBSYSTEM_VENDOR = 0x2c,
	CFG_SUBSYSTEM = 0x2e,
	CFG_INTERRUPT_LINE = 0x3c,
	CFG_INTERRUPT_PIN = 0x3d,
};

#define COMMAND_IO	       0x0001
#define COMMAND_MEMORY	       0x0002
/* I/O, memory, bus master, parity, SERR, INTx disable. */
#define COMMAND_WRITABLE       0x0547

#define BAR_IO		       0x1
#define BAR_MEM64	       0x4
#define BAR_PREFETCHABLE       0x8

#define INTERRUPT_LINE_UNKNOWN 0xff

/*
 * Host bridge: Red Hat's generic "QEMU PCIe Host bridge" id. Stock kernels have no fix-up for it,
 * while the bridges of real chip sets bring some along: 8086:1237 (440FX) has the Natoma
 * transfer-limit work-around, 8086:7190 (440BX) makes the AGP driver bind, and the ids after those
 * announce PCI Express configuration windows that are not there.
 *
 * ISA bridge: 82371FB (PIIX). Everybody knows it, and it has neither the DMA work-around of its
 * successor 8086:7000 nor the power-management function of the PIIX4.
 */
static const struct vpci_template host_bridge = {
	.vendor_id = 0x1b36,
	.device_id = 0x0008,
	.subsystem_vendor_id = 0x1af4,
	.subsystem_id = 0x1100,
	.class_code = 0x060000,
};

static const struct vpci_template isa_bridge = {
	.vendor_id = 0x8086,
	.device_id = 0x122e,
	.class_code = 0x060100,
	.revision = 2,
};

enum { SLOT_HOST_BRIDGE, SLOT_ISA_BRIDGE };

/* --- functions -------------------------------------------------------------------------------- */

static void put(u8 *at, u32 value, u8 bytes)
{
	memcpy(at, &value, bytes); /* PCI and this machine are little-endian */
}

static u32 get32(const u8 *at)
{
	u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool bar_is_valid(const struct vpci_template *t, u8 i)
{
	u32 size = t->bar[i].size_bytes;
	bool power_of_two = size != 0 && (size & (size - 1)) == 0;

	switch (t->bar[i].kind) {
	case VPCI_BAR_NONE:
		return true;
	case VPCI_BAR_IO:
		return power_of_two && size >= 4 && size <= 256;
	case VPCI_BAR_MEM32:
		return power_of_two && size >= 16;
	case VPCI_BAR_MEM64:
		return power_of_two && size >= 16 && i + 1 < (u8)VPCI_BARS &&
		       t->bar[i + 1].kind == VPCI_BAR_NONE;
	default:
		return false;
	}
}

/* Type bits are constant; the address bits above the size can be written: that is how sizing works.
 */
static void build_bar(struct vpci_function *f, const struct vpci_template *t, u8 i)
{
	u8 at = (u8)(CFG_BAR0 + 4 * i);
	u32 mask = ~(t->bar[i].size_bytes - 1);
	u32 type = t->bar[i].prefetchable ? BAR_PREFETCHABLE : 0;

	switch (t->bar[i].kind) {
	case VPCI_BAR_IO:
		put(&f->config[at], BAR_IO, 4);
		put(&f->writable[at], mask, 4);
		break;
	case VPCI_BAR_MEM64:
		put(&f->config[at], type | BAR_MEM64, 4);
		put(&f->writable[at], mask, 4);
		put(&f->writable[at + 4], UINT32_MAX, 4);
		break;
	case VPCI_BAR_MEM32:
		put(&f->config[at], type, 4);
		put(&f->writable[at], mask, 4);
		break;
	default:
		break;
	}
}

static void build_function(struct vpci_function *f, const struct vpci_template *t)
{
	memset(f, 0, sizeof(*f));
	f->present = true;
	put(&f->config[CFG_VENDOR], t->vendor_id, 2);
	put(&f->config[CFG_DEVICE], t->device_id, 2);
	put(&f->config[CFG_REVISION], t->revision, 1);
	put(&f->config[CFG_CLASS], t->class_code, 3);
	put(&f->config[CFG_SUBSYSTEM_VENDOR], t->subsystem_vendor_id, 2);
	put(&f->config[CFG_SUBSYSTEM], t->subsystem_id, 2);
	put(&f->config[CFG_INTERRUPT_PIN], t->interrupt_pin, 1);
	put(&f->writable[CFG_COMMAND], COMMAND_WRITABLE, 2);
	put(&f->writable[CFG_CACHE_LINE], 0xff, 1);
	put(&f->writable[CFG_LATENCY], 0xff, 1);
	if (t->interrupt_pin != 0) {
		put(&f->config[CFG_INTERRUPT_LINE], INTERRUPT_LINE_UNKNOWN, 1);
		put(&f->writable[CFG_INTERRUPT_LINE], 0xff, 1);
	}
	for (u8 i = 0; i < VPCI_BARS; i++) {
		build_bar(f, t, i);
	}
}

int vpci_register(struct vpci *d, u8 slot, const struct vpci_template *t)
{
	if (slot >= VPCI_SLOTS) {
		return ERR_RANGE;
	}
	if (d->slot[slot].present) {
		return ERR_EXIST;
	}
	if (t->interrupt_pin > 4 || t->vendor_id == 0xffff) {
		return ERR_INVAL;
	}
	for (u8 i = 0; i < VPCI_BARS; i++) {
		if (!bar_is_valid(t, i)) {
			return ERR_INVAL;
		}
	}
	d->template[slot] = *t;
	build_function(&d->slot[slot], t);
	return 0;
}

void vpci_init(struct vpci *d)
{
	int err;

	memset(d, 0, sizeof(*d));
	err = vpci_register(d, SLOT_HOST_BRIDGE, &host_bridge);
	assert(err == 0);
	err = vpci_register(d, SLOT_ISA_BRIDGE, &isa_bridge);
	assert(err == 0);
}

void vpci_reset(struct vpci *d)
{
	d->address = 0;
	for (u32 i = 0; i < VPCI_SLOTS; i++) {
		if (d->slot[i].present) {
			build_function(&d->slot[i], &d->template[i]);
		}
	}
}

bool vpci_bar_address(const struct vpci *d, u8 slot, u8 bar, u64 *address)
{
	const struct vpci_function *f;
	enum vpci_bar_kind kind;
	u8 at = (u8)(CFG_BAR0 + 4 * bar);

	if (slot >= VPCI_SLOTS || bar >= VPCI_BARS || !d->slot[slot].present) {
		return false;
	}
	f = &d->slot[slot];
	kind = d->template[slot].bar[bar].kind;
	if (kind == VPCI_BAR_NONE ||
	    !(f->config[CFG_COMMAND] & (kind == VPCI_BAR_IO ? COMMAND_IO : COMMAND_MEMORY))) {
		return false;
	}
	*address = get32(&f->config[at]) & get32(&f->writable[at]);
	if (kind == VPCI_BAR_MEM64) {
		*address |= (u64)get32(&f->config[at + 4]) << 32;
	}
	return true;
}

/* --- ports ------------------------------------------------------------------------------------ */

/* The function that CONFIG_ADDRESS selects, or none. */
static struct vpci_function *selected(struct vpci *d)
{
	struct vpci_function *f = &d->slot[ADDRESS_SLOT(d->address)];

	if (!(d->address & ADDRESS_ENABLE) || ADDRESS_BUS(d->address) != 0 ||
	    ADDRESS_FUNC(d->address) != 0 || !f->present) {
		return NULL;
	}
	return f;
}

/* Whether a whole access lies in CONFIG_DATA. */
static bool is_data_access(u16 offset, u8 size)
{
	return (size == 1 || size == 2 || size == 4) && offset >= PORT_DATA &&
	       (u32)offset + size <= PORT_END;
}

u32 vpci_read(struct vpci *d, u16 offset, u8 size, u64 now_ns)
{
	const struct vpci_function *f = selected(d);
	u32 value = 0;

	(void)now_ns;
	if (offset == PORT_ADDRESS && size == 4) {
		return d->address;
	}
	if (!is_data_access(offset, size) || f == NULL) {
		return UINT32_MAX;
	}
	memcpy(&value, &f->config[ADDRESS_OFFSET(d->address) + (offset - PORT_DATA)], size);
	return value;
}

void vpci_write(struct vpci *d, u16 offset, u8 size, u32 value, u64 now_ns)
{
	struct vpci_function *f = selected(d);

	(void)now_ns;
	if (offset == PORT_ADDRESS && size == 4) {
		d->address = value & ADDRESS_STORED;
		return;
	}
	if (!is_data_access(offset, size) || f == NULL) {
		return;
	}
	for (u8 i = 0; i < size; i++) {
		u32 at = ADDRESS_OFFSET(d->address) + (u32)(offset - PORT_DATA) + i;
		u8 byte = (u8)(value >> (8 * i));

		f->config[at] = (u8)((f->config[at] & ~f->writable[at]) | (byte & f->writable[at]));
	}
}
