// SPDX-License-Identifier: GPL-2.0-only
/*
 * The surroundings that arch/x86/emul needs: guest page tables, guest RAM, devices. All that is
 * read from the guest is copied once.
 */
#include "kernel/emulate.h"

#include "arch/x86/emul/exec.h"
#include "arch/x86/emul/fetch.h"
#include "arch/x86/emul/walk.h"
#include "arch/x86/regs.h"
#include "kernel/guest_layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/params.h"
#include "kernel/vm.h"
#include "kernel/exits_priv.h"

/* One instruction under emulation. */
struct emulation {
	struct emul_bus bus;
	struct walk_mem mem;
	struct vcpu *vcpu;
	struct guest_state gs;
	struct walk_mode mode;
};

/* --- guest page tables ------------------------------------------------------------------------ */

static const void *walk_page(struct walk_mem *mem, gpa_t page)
{
	struct emulation *e = container_of(mem, struct emulation, mem);

	return vcpu_page(e->vcpu, gpa_to_gfn(page));
}

static int walk_update(struct walk_mem *mem, gpa_t entry, u8 size, u64 old, u64 next)
{
	struct emulation *e = container_of(mem, struct emulation, mem);
	u8 *page = vcpu_page(e->vcpu, gpa_to_gfn(entry));

	if (page == NULL) {
		return ERR_NOENT;
	}
	void *at = page + (entry.v & PAGE_MASK);
	u32 old32 = (u32)old;
	bool done = size == 8 ? __atomic_compare_exchange_n((u64 *)at, &old, next, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
			      : __atomic_compare_exchange_n((u32 *)at, &old32, (u32)next, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);

	return done ? 0 : ERR_AGAIN;
}

static void emulation_init(struct emulation *e, struct vcpu *vcpu, u32 state_mask)
{
	const struct cpuid_table *cpuid = &vcpu->vm->cpuid;

	e->vcpu = vcpu;
	e->mem = (struct walk_mem){.page = walk_page, .update = walk_update};
	virt->get_state(vcpu->hw, state_mask, &e->gs);
	/* Protection keys are not shown to guests. */
	walk_mode_of(&e->gs, cpuid->phys_bits, virt_caps.s2.has_1g, 0, &e->mode);
}

static void fault_set(struct emulation *e, gva_t at, u32 error)
{
	e->bus.fault = (struct emul_fault){
		.vector = EMUL_VECTOR_PF,
		.has_error = true,
		.error = error,
		.address = at.v,
	};
}

/* Translates; a guest page fault goes to bus.fault. */
static int translate(struct emulation *e, gva_t at, u32 access, gpa_t *out)
{
	struct walk_result result;
	int err = walk(&e->mode, &e->mem, at, access, &result);

	if (err == ERR_FAULT) {
		fault_set(e, at, result.error);
	}
	*out = result.gpa;
	return err;
}

/* --- memory ----------------------------------------------------------------------------------- */

static bool is_lapic(const struct vcpu *vcpu, gpa_t at)
{
	return at.v - GUEST_LAPIC_BASE < VLAPIC_MMIO_SIZE && vlapic_enabled(&vcpu->lapic) &&
	       !vlapic_is_x2apic(&vcpu->lapic);
}

static u64 device_read(struct vcpu *vcpu, gpa_t at, u8 size)
{
	if (is_lapic(vcpu, at)) {
		return vcpu_lapic_read(vcpu, at.v & PAGE_MASK, size);
	}
	return platform_mmio_read(&vcpu->vm->platform, at, size);
}

static void device_write(struct vcpu *vcpu, gpa_t at, u8 size, u64 value)
{
	if (is_lapic(vcpu, at)) {
		vcpu_lapic_write(vcpu, at.v & PAGE_MASK, size, value);
		return;
	}
	platform_mmio_write(&vcpu->vm->platform, at, size, value);
}

/* Within one page. */
static u64 phys_read(struct vcpu *vcpu, gpa_t at, u8 size)
{
	const u8 *page = vcpu_page(vcpu, gpa_to_gfn(at));
	u64 value = 0;

	if (page == NULL) {
		value = device_read(vcpu, at, size);
	} else {
		memcpy(&value, page + (at.v & PAGE_MASK), size);
	}
	return size == 8 ? value : value & (BIT(8 * size) - 1);
}

static void phys_write(struct vcpu *vcpu, gpa_t at, u8 size, u64 value)
{
	u8 *page = vcpu_page(vcpu, gpa_to_gfn(at));

	if (page == NULL) {
		device_write(vcpu, at, size, value);
	} else {
		memcpy(page + (at.v & PAGE_MASK), &value, size);
	}
}

/* The parts of an access on either side of a page boundary. */
struct split {
	gpa_t at[2];
	u8 size[2];
};

static int split_translate(struct emulation *e, gva_t at, u8 size, u32 access, struct split *out)
{
	u64 room = PAGE_SIZE - (at.v & PAGE_MASK);

	out->size[0] = (u8)MIN((u64)size, room);
	out->size[1] = size - out->size[0];
	int err = translate(e, at, access, &out->at[0]);

	if (err == 0 && out->size[1] != 0) {
		err = translate(e, gva(at.v + out->size[0]), access, &out->at[1]);
	}
	return err;
}

static int bus_read(struct emul_bus *bus, gva_t at, u8 size, bool for_write, u64 *value)
{
	struct emulation *e = container_of(bus, struct emulation, bus);
	struct split s;
	int err = split_translate(e, at, size, for_write ? WALK_WRITE : WALK_READ, &s);

	if (err != 0) {
		return err;
	}
	*value = phys_read(e->vcpu, s.at[0], s.size[0]);
	if (s.size[1] != 0) {
		*value |= phys_read(e->vcpu, s.at[1], s.size[1]) << (8 * s.size[0]);
	}
	return 0;
}

static int bus_write(struct emul_bus *bus, gva_t at, u8 size, u64 value)
{
	struct emulation *e = container_of(bus, struct emulation, bus);
	struct split s;
	int err = split_translate(e, at, size, WALK_WRITE, &s);

	if (err != 0) {
		return err;
	}
	phys_write(e->vcpu, s.at[0], s.size[0], value);
	if (s.size[1] != 0) {
		phys_write(e->vcpu, s.at[1], s.size[1], value >> (8 * s.size[0]));
	}
	return 0;
}

static int bus_probe_write(struct emul_bus *bus, gva_t at, u8 size)
{
	struct split s;

	return split_translate(container_of(bus, struct emulation, bus), at, size, WALK_WRITE, &s);
}

static int bus_in(struct emul_bus *bus, u16 port, u8 size, u32 *value)
{
	struct emulation *e = container_of(bus, struct emulation, bus);

	*value = exit_port_read(e->vcpu, port, size);
	return 0;
}

static int bus_out(struct emul_bus *bus, u16 port, u8 size, u32 value)
{
	struct emulation *e = container_of(bus, struct emulation, bus);

	exit_port_write(e->vcpu, port, size, value);
	return 0;
}

/* --- executing -------------------------------------------------------------------------------- */

/* Fetches and decodes the instruction at RIP; a page fault of the fetch goes to bus.fault. */
static int decode(struct emulation *e, struct insn_bytes *bytes, struct insn *insn)
{
	int fetch_err = insn_fetch(&e->gs, &e->mode, &e->mem, WALK_FETCH, bytes);
	int err = insn_decode(bytes->byte, bytes->count,
			      insn_mode_of(e->gs.efer, e->gs.seg[SEG_CS].attr), insn);

	if (err == ERR_AGAIN && fetch_err == ERR_FAULT) {
		fault_set(e, bytes->fault_address, bytes->fault_error);
	}
	return err == ERR_AGAIN ? fetch_err : err;
}

int emulate_decode(struct vcpu *vcpu, struct insn *insn)
{
	struct emulation e;
	struct insn_bytes bytes;

	emulation_init(&e, vcpu, GS_RIP | GS_CONTROL | GS_SEGS);
	return decode(&e, &bytes, insn);
}

static void fault_raise(struct emulation *e)
{
	const struct emul_fault *f = &e->bus.fault;

	if (f->vector == EMUL_VECTOR_PF) {
		e->gs.cr2 = f->address;
		if (virt->set_state(e->vcpu->hw, GS_CONTROL, &e->gs) != 0) {
			vm_end(e->vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: page fault refused",
			       e->vcpu->index);
			return;
		}
	}
	vcpu_raise(e->vcpu, f->vector, f->has_error, f->error);
}

static void give_up(struct emulation *e, const struct insn_bytes *bytes, int err)
{
	char hex[3 * INSN_LEN_MAX + 1] = "";

	for (size_t i = 0; i < bytes->count; i++) {
		fmt_print(hex + 3 * i, sizeof(hex) - 3 * i, " %02x", bytes->byte[i]);
	}
	vm_end(e->vcpu->vm, VM_END_CRASHED, 1,
	       "vCPU %u: cannot execute the instruction at %04x:%llx on a device (%s):%s",
	       e->vcpu->index, e->gs.seg[SEG_CS].selector, (unsigned long long)e->gs.rip,
	       err_name(err), hex);
	vcpu_dump(e->vcpu);
}

/* The instruction ran to its end, for some iterations, or to a fault after some. */
static void state_commit(struct emulation *e)
{
	if (virt->set_state(e->vcpu->hw, GS_RIP, &e->gs) != 0) {
		vm_end(e->vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: RIP %llx refused", e->vcpu->index,
		       (unsigned long long)e->gs.rip);
	}
}

/* Is the instruction still one for which this exit comes? For the other kind hardware has not
 * checked what the guest's code may do: another vCPU has put it there meanwhile. */
static bool fits_exit(const struct insn *insn, const struct vm_exit *exit)
{
	bool string_io = insn->id == INSN_INS || insn->id == INSN_OUTS;
	bool port_io = string_io || insn->id == INSN_IN || insn->id == INSN_OUT;

	return exit->kind == EXIT_IO ? string_io : !port_io;
}

enum exit_action emulate_insn(struct vcpu *vcpu, struct vm_exit *exit)
{
	struct emulation e = {.bus = {.read = bus_read,
				      .write = bus_write,
				      .probe_write = bus_probe_write,
				      .in = bus_in,
				      .out = bus_out}};
	struct insn_bytes bytes;
	struct insn insn;

	emulation_init(&e, vcpu, GS_RIP | GS_CONTROL | GS_SEGS);
	int err = decode(&e, &bytes, &insn);

	if (err == 0 && !fits_exit(&insn, exit)) {
		return EXIT_RECHECK; /* enter again, to meet what is there now */
	}
	if (err == 0) {
		err = emul_exec(&insn, vcpu->hw->gpr, &e.gs, &e.bus, EMULATE_ITERATIONS_MAX);
	} else if (err == ERR_INVAL) {
		vcpu_raise(vcpu, VECTOR_UD, false, 0);
		return EXIT_RECHECK;
	} else if (err == ERR_RANGE) {
		vcpu_raise_gp(vcpu);
		return EXIT_RECHECK;
	}
	switch (err) {
	case 0:
	case ERR_AGAIN:
		state_commit(&e);
		if ((e.gs.rflags & RFLAGS_TF) != 0) {
			vcpu_single_step(vcpu);
		}
		break;
	case ERR_FAULT:
		e.gs.rflags |=
			RFLAGS_RF; /* SDM vol. 3 17.3.1.1: in the image that a fault pushes */
		state_commit(&e);
		fault_raise(&e);
		break;
	case ERR_LIMIT: /* the guest changes its tables under us: again */
		break;
	default:
		give_up(&e, &bytes, err);
	}
	return EXIT_RECHECK;
}
