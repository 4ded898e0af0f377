// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vCPU loop: requests -> what to inject -> enter -> exit -> handler, and around again.
 * Everything between an exit and the next entry that most exits need is on the path through
 * vcpu_run(); the rest happens in vcpu_service().
 */
#include "kernel/vcpu.h"

#include "arch/arch.h"
#include "arch/x86/regs.h"
#include "kernel/dispatch.h"
#include "kernel/exits.h"
#include "kernel/guest_layout.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"
#include "kernel/params.h"
#include "kernel/vm.h"
#include "mm/frames.h"
#include "mm/guest_access.h"

/* --- posting ---------------------------------------------------------------------------------- */

void vcpu_post(struct vcpu *vcpu, u32 requests)
{
	u32 before = __atomic_fetch_or(&vcpu->requests, requests, __ATOMIC_SEQ_CST);

	if ((before & requests) == requests) {
		return; /* who set them has kicked */
	}
	u32 pcpu = __atomic_load_n(&vcpu->pcpu, __ATOMIC_SEQ_CST);

	if (pcpu == PCPU_NONE) {
		dispatch_wake(vcpu);
	} else if (pcpu != arch_pcpu_id()) {
		arch_kick(pcpu);
	}
}

void vcpu_post_irq(struct vcpu *vcpu, u8 vector, bool level)
{
	u64 bit = BIT(vector % 64);
	u64 *levels = &vcpu->pir_level[vector / 64];

	/* Stays until the vector is posted as the other kind: a taker that cleared it could take
	 * it from a second source of the vector, which has set it and not yet posted. */
	if (level) {
		__atomic_fetch_or(levels, bit, __ATOMIC_SEQ_CST);
	} else if ((__atomic_load_n(levels, __ATOMIC_RELAXED) & bit) != 0) {
		__atomic_fetch_and(levels, ~bit, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_or(&vcpu->pir[vector / 64], bit, __ATOMIC_SEQ_CST);
	vcpu_post(vcpu, VCPU_REQ_IRQ);
}

/* Posted interrupts into the local APIC. */
static void posted_irqs_take(struct vcpu *vcpu)
{
	for (u32 i = 0; i < 4; i++) {
		u64 bits = __atomic_exchange_n(&vcpu->pir[i], 0, __ATOMIC_SEQ_CST);
		u64 level = __atomic_load_n(&vcpu->pir_level[i], __ATOMIC_SEQ_CST);

		for (; bits != 0; bits &= bits - 1) {
			u32 n = (u32)__builtin_ctzll(bits);
			struct apic_msg msg = {
				.vector = (u8)(i * 64 + n),
				.delivery = APIC_FIXED,
				.source = APIC_SOURCE_DEVICE,
				.level = (level >> n) & 1,
			};

			(void)vlapic_accept_msg(&vcpu->lapic, &msg);
		}
	}
}

/* --- time ------------------------------------------------------------------------------------- */

struct vlapic_time vcpu_time(const struct vcpu *vcpu)
{
	u64 tsc = arch_tsc();

	return (struct vlapic_time){
		.now_ns = arch_tsc_to_ns(tsc),
		.guest_tsc = tsc + vcpu->tsc_offset,
		.tsc_khz = arch_tsc_khz(),
	};
}

static void lapic_timer_fire(struct timer *timer, u64 now_ns)
{
	(void)now_ns;
	vcpu_post(container_of(timer, struct vcpu, lapic_timer), VCPU_REQ_TIMER);
}

static void lapic_timer_rearm(struct vcpu *vcpu)
{
	timer_arm(&vcpu->lapic_timer, vlapic_deadline_ns(&vcpu->lapic));
}

void vcpu_lapic_effect(struct vcpu *vcpu, const struct vlapic_effect *effect)
{
	switch (effect->kind) {
	case VLAPIC_SEND:
		platform_send(vcpu->vm, &effect->msg);
		break;
	case VLAPIC_BROADCAST:
		platform_eoi(&vcpu->vm->platform, effect->vector);
		break;
	case VLAPIC_TIMER:
		/* A deadline already past is found by the service routine before the next entry. */
		vcpu_post(vcpu, VCPU_REQ_TIMER);
		break;
	case VLAPIC_NOTHING:
		break;
	}
}

/* --- INIT and SIPI ---------------------------------------------------------------------------- */

static void init_take(struct vcpu *vcpu)
{
	if (vcpu->index == 0) {
		/* The bootstrap processor would start its firmware, which resets the machine. */
		(void)!vm_request(vcpu->vm, VM_REQ_RESET);
		return;
	}
	virt->vcpu_reset(vcpu->hw);
	virt->set_tsc_offset(vcpu->hw, vcpu->tsc_offset); /* INIT leaves the TSC alone */
	vlapic_reset(&vcpu->lapic);
	guest_clock_reset(vcpu);
	events_init(&vcpu->events);
	vcpu->nmi_pending = false;
	vcpu->state = VCPU_WAIT_SIPI;
	lapic_timer_rearm(vcpu);
}

/* SDM vol. 3 9.4.4: real mode at vector * 4 KiB. A SIPI to one that does not wait is lost. */
static void sipi_take(struct vcpu *vcpu)
{
	u8 vector = __atomic_load_n(&vcpu->sipi_vector, __ATOMIC_RELAXED);
	struct guest_state gs;

	if (vcpu->state != VCPU_WAIT_SIPI) {
		return;
	}
	virt->get_state(vcpu->hw, GS_RIP | GS_SEGS, &gs);
	gs.seg[SEG_CS].selector = (u16)(vector << 8);
	gs.seg[SEG_CS].base = (u64)vector << 12;
	gs.rip = 0;
	if (virt->set_state(vcpu->hw, GS_RIP | GS_SEGS, &gs) != 0) {
		vm_end(vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: start-up state refused", vcpu->index);
		return;
	}
	vcpu->state = VCPU_RUNNING;
}

/* --- before each entry ------------------------------------------------------------------------ */

static void requests_take(struct vcpu *vcpu, u32 requests)
{
	if ((requests & VCPU_REQ_INIT) != 0) {
		init_take(vcpu);
	}
	if ((requests & VCPU_REQ_SIPI) != 0) {
		sipi_take(vcpu);
	}
	if ((requests & VCPU_REQ_IRQ) != 0) {
		posted_irqs_take(vcpu);
	}
	if ((requests & VCPU_REQ_NMI) != 0) {
		vcpu->nmi_pending = true;
	}
	if ((requests & VCPU_REQ_EXTINT) != 0) {
		vcpu->extint = true;
	}
	if ((requests & VCPU_REQ_TIMER) != 0) {
		struct vlapic_time time = vcpu_time(vcpu);

		vlapic_advance(&vcpu->lapic, &time);
		lapic_timer_rearm(vcpu);
	}
}

/* The interrupt to offer: the local APIC's, or the PIC's through LINT0; -1 for none. */
static int irq_find(struct vcpu *vcpu)
{
	int vector = vlapic_pending(&vcpu->lapic);

	vcpu->inject_extint = false;
	if (vector < 0 && vcpu->extint && vlapic_accepts_extint(&vcpu->lapic)) {
		vector = platform_pic_vector(&vcpu->vm->platform);
		vcpu->extint = vector >= 0;
		vcpu->inject_extint = vector >= 0;
	}
	return vector;
}

/* Is there anything that ends a HLT? SDM vol. 2 "HLT": an enabled interrupt, an NMI, INIT. */
static bool has_wake_event(struct vcpu *vcpu, int irq_vector)
{
	if ((vcpu->nmi_pending && !vcpu->hw->nmi_blocked) ||
	    vcpu->events.queued.type != VIRT_EVENT_NONE) {
		return true;
	}
	return irq_vector >= 0 && (vcpu->hw->ip->rflags & RFLAGS_IF) != 0;
}

enum service_verdict { SERVICE_ENTER, SERVICE_HALT, SERVICE_WAIT, SERVICE_PARK, SERVICE_AGAIN };

#define PARK_REQUESTS (VCPU_REQ_PARK | VCPU_REQ_MOVE)

static void inject_note(struct vcpu *vcpu)
{
	const struct virt_inject *in = &vcpu->inject;

	vcpu->inject_live = in->event.type != VIRT_EVENT_NONE || in->irq_offered ||
			    in->nmi_window || in->cr8_watch;
}

static enum service_verdict inject_prepare(struct vcpu *vcpu, int irq_vector)
{
	struct event_sources sources = {
		.nmi_pending = vcpu->nmi_pending,
		.nmi_blocked = vcpu->hw->nmi_blocked,
		.shadow = vcpu->hw->shadow || vcpu->hw->irq_deferred,
		.irq_vector = irq_vector,
		.lapic_irr = vcpu->lapic.irr_maybe && vlapic_highest_irr(&vcpu->lapic) >= 0,
	};

	switch (events_next(&vcpu->events, &sources, &vcpu->inject)) {
	case EVENTS_ENTER:
		break;
	case EVENTS_ENTER_NMI:
		vcpu->nmi_pending = false;
		break;
	case EVENTS_TRIPLE_FAULT:
		vm_end(vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: triple fault", vcpu->index);
		vcpu_dump(vcpu);
		return SERVICE_AGAIN;
	}
	inject_note(vcpu);
	return SERVICE_ENTER;
}

/* Everything that may have to be done before an entry. */
static enum service_verdict vcpu_service(struct vcpu *vcpu, u64 until_ns)
{
	u32 requests = __atomic_exchange_n(&vcpu->requests, 0, __ATOMIC_SEQ_CST);

	if ((requests & PARK_REQUESTS) != 0) {
		__atomic_fetch_or(&vcpu->requests, requests, __ATOMIC_SEQ_CST);
		return SERVICE_PARK;
	}
	requests_take(vcpu, requests);
	/* INIT of the bootstrap vCPU asks for a reset: not one more instruction. Only this request
	 * is looked for again: siblings could keep up a stream of the others for ever. */
	if ((__atomic_load_n(&vcpu->requests, __ATOMIC_RELAXED) & PARK_REQUESTS) != 0) {
		return SERVICE_AGAIN;
	}
	if (vcpu->state == VCPU_WAIT_SIPI) {
		return SERVICE_WAIT;
	}
	int irq_vector = irq_find(vcpu);

	if (vcpu->state == VCPU_HALTED) {
		if (!has_wake_event(vcpu, irq_vector)) {
			return SERVICE_HALT;
		}
		vcpu->state = VCPU_RUNNING;
	}
	enum service_verdict verdict = inject_prepare(vcpu, irq_vector);

	if (vcpu->inject_live && vcpu->hw->irq_deferred) {
		until_ns = MIN(until_ns, arch_now_ns() + IRQ_DEFER_NS);
	}
	dispatch_arm_timer(until_ns);
	return verdict;
}

/* --- after each exit -------------------------------------------------------------------------- */

/* What of the local APIC the guest may have changed without an exit. */
static void lapic_take(struct vcpu *vcpu)
{
	if (vcpu->hw->apic_live) {
		vlapic_page_take(&vcpu->lapic, vcpu->hw->apic_page);
	}
}

u64 vcpu_lapic_read(struct vcpu *vcpu, u32 offset, u8 size)
{
	struct vlapic_time time = vcpu_time(vcpu);

	lapic_take(vcpu);
	return vlapic_mmio_read(&vcpu->lapic, offset, size, &time);
}

void vcpu_lapic_write(struct vcpu *vcpu, u32 offset, u8 size, u64 value)
{
	struct vlapic_time time = vcpu_time(vcpu);
	struct vlapic_effect effect = {.kind = VLAPIC_NOTHING};

	lapic_take(vcpu);
	vlapic_mmio_write(&vcpu->lapic, offset, size, value, &time, &effect);
	if (vcpu->hw->apic_live) {
		vlapic_page_fill(&vcpu->lapic, vcpu->hw->apic_page, false);
	}
	vcpu_lapic_effect(vcpu, &effect);
}

/* After an entry with events, or one that they interrupted: what was interrupted is to be delivered
 * again, what was not is history. */
static void events_note(struct vcpu *vcpu, const struct vm_exit *exit)
{
	lapic_take(vcpu);
	vlapic_set_cr8(&vcpu->lapic, vcpu->hw->cr8);
	events_interrupted(&vcpu->events, &exit->interrupted);
	if (!exit->irq_taken) {
		return;
	}
	if (vcpu->inject_extint) {
		platform_pic_ack(&vcpu->vm->platform, vcpu->inject.irq_vector);
		return;
	}
	vlapic_accept(&vcpu->lapic, vcpu->inject.irq_vector);
	lapic_timer_rearm(vcpu);
	platform_irq_taken(&vcpu->vm->platform, vcpu->inject.irq_vector);
}

/* The registers that the guest reads without an exit; true if hardware has to know of something. */
static bool apic_page_update(struct vcpu *vcpu)
{
	struct vlapic *lapic = &vcpu->lapic;
	struct virt_vcpu *hw = vcpu->hw;

	if (hw->apic_page == NULL || (lapic->changed == 0 && hw->apic_live)) {
		return false;
	}
	bool live = vlapic_enabled(lapic) && !vlapic_is_x2apic(lapic);
	bool switched = hw->apic_live != live;

	if (live) {
		vlapic_page_fill(lapic, hw->apic_page, switched);
	}
	hw->apic_live = live;
	return switched;
}

/* What the next entry is told; NULL: nothing. */
static const struct virt_inject *inject_choose(struct vcpu *vcpu)
{
	u8 cr8 = vlapic_get_cr8(&vcpu->lapic);
	bool changed = apic_page_update(vcpu) || vcpu->hw->cr8 != cr8;

	vcpu->hw->cr8 = cr8;
	return vcpu->inject_live || changed ? &vcpu->inject : NULL;
}

/* Enters again and again, as long as exits concern no events: the hot loop. All of it counts as
 * time in guest mode, but for exits that take long, which time themselves (exits.c): to read the
 * clock twice would cost a quick exit more than the error, a fraction of a microsecond, is worth.
 */
static enum exit_action vcpu_enter(struct vcpu *vcpu)
{
	const struct virt_inject *inject = inject_choose(vcpu);
	const struct virt_ops *ops = virt;
	struct virt_vcpu *hw = vcpu->hw;
	struct vm_exit *exit = &hw->exit;
	u64 start_tsc = arch_tsc();
	enum exit_action action;
	bool events;

	do {
		events = ops->run(hw, inject);
		enum vm_exit_kind kind = exit->kind;

		vcpu->stats.exits[kind]++;
		if (unlikely(events)) {
			events_note(vcpu, exit);
		}
		action = exit_rows[kind].handler(vcpu, exit);
	} while (likely(!events && action == EXIT_RESUME && !vcpu_has_requests(vcpu)));
	vcpu->ticks.guest += arch_tsc() - start_tsc;
	return action;
}

static enum vcpu_leave vcpu_loop(struct vcpu *vcpu, u64 until_ns)
{
	static const enum vcpu_leave leave_of[] = {
		[SERVICE_HALT] = VCPU_LEAVE_HALT,
		[SERVICE_WAIT] = VCPU_LEAVE_WAIT,
		[SERVICE_PARK] = VCPU_LEAVE_PARK,
	};

	for (;;) {
		enum service_verdict verdict = vcpu_service(vcpu, until_ns);

		if (verdict == SERVICE_AGAIN) {
			continue;
		}
		if (verdict != SERVICE_ENTER) {
			return leave_of[verdict];
		}
		enum exit_action action = vcpu_enter(vcpu);

		if (action == EXIT_LEAVE ||
		    (action == EXIT_TIMECHECK && dispatch_time_up(until_ns))) {
			return VCPU_LEAVE_SLICE;
		}
	}
}

enum vcpu_leave vcpu_run(struct vcpu *vcpu, u64 until_ns)
{
	u64 now_ns = arch_now_ns();

	__atomic_store_n(&vcpu->pcpu, arch_pcpu_id(), __ATOMIC_SEQ_CST);
	guest_clock_resume(vcpu, now_ns);
	enum vcpu_leave leave = vcpu_loop(vcpu, until_ns);

	if (leave == VCPU_LEAVE_SLICE) {
		guest_clock_preempted(vcpu);
	}
	__atomic_store_n(&vcpu->pcpu, PCPU_NONE, __ATOMIC_SEQ_CST);
	return leave;
}

/* --- helpers of the handlers ------------------------------------------------------------------ */

void vcpu_raise(struct vcpu *vcpu, u8 vector, bool has_error, u32 error)
{
	events_raise(&vcpu->events, vector, has_error, error);
	__atomic_fetch_or(&vcpu->requests, VCPU_REQ_EVENT, __ATOMIC_RELAXED);
}

void vcpu_single_step(struct vcpu *vcpu)
{
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_DEBUG, &gs);
	gs.dr6 |= DR6_BS;
	if (virt->set_state(vcpu->hw, GS_DEBUG, &gs) == 0) {
		vcpu_raise(vcpu, VECTOR_DB, false, 0);
	}
}

enum exit_action vcpu_end_insn(struct vcpu *vcpu)
{
	if (virt->end_insn(vcpu->hw)) {
		vcpu_single_step(vcpu);
	}
	return EXIT_RESUME;
}

void *vcpu_page(struct vcpu *vcpu, gfn_t gfn)
{
	struct vcpu_page_cache *slot = &vcpu->page_cache[gfn.v % VCPU_PAGE_CACHE];

	if (likely(slot->gfn.v == gfn.v && slot->va != NULL)) {
		return slot->va;
	}
	void *va = guest_page(&vcpu->vm->p2m, gfn);

	if (va != NULL) {
		*slot = (struct vcpu_page_cache){.gfn = gfn, .va = va};
	}
	return va;
}

u64 vcpu_steal_ns(const struct vcpu *vcpu, u64 now_ns)
{
	struct account_times times = account_read(&vcpu->world.account, now_ns);

	return account_steal_ns(&times);
}

/* --- life ------------------------------------------------------------------------------------- */

int vcpu_create(struct vm *vm, u32 index, struct vcpu **out)
{
	struct vcpu *vcpu = pages_alloc(sizeof(*vcpu));

	if (vcpu == NULL) {
		return ERR_NOMEM;
	}
	int err = virt->vcpu_create(vm->hw, index, &vcpu->hw);

	if (err != 0) {
		pages_free(vcpu, sizeof(*vcpu));
		return err;
	}
	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->pcpu = PCPU_NONE;
	vcpu->state = index == 0 ? VCPU_RUNNING : VCPU_WAIT_SIPI;
	vcpu->world.id = vm->id * VM_VCPUS_MAX + index;
	sched_world_init(&vcpu->world, arch_now_ns());
	vlapic_init(&vcpu->lapic, index, (u8)index, index == 0);
	events_init(&vcpu->events);
	msr_state_reset(&vm->msr_policy, &vcpu->msrs);
	vcpu->tsc_offset = -vm->tsc_start;
	virt->set_tsc_offset(vcpu->hw, vcpu->tsc_offset);
	timer_init(&vcpu->lapic_timer, lapic_timer_fire);
	*out = vcpu;
	return 0;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	if (vcpu == NULL) {
		return;
	}
	timer_cancel(&vcpu->lapic_timer);
	virt->vcpu_destroy(vcpu->hw);
	pages_free(vcpu, sizeof(*vcpu));
}

void vcpu_dump(struct vcpu *vcpu)
{
	static const char *const names[GPR_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
						     "rsi", "rdi", "r8",  "r9",	 "r10", "r11",
						     "r12", "r13", "r14", "r15"};
	const u64 *gpr = vcpu->hw->gpr;
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_ALL, &gs);
	log_warn("vm %s vCPU %u: rip %04x:%016llx rflags %08llx cpl %u", vcpu->vm->config.name,
		 vcpu->index, gs.seg[SEG_CS].selector, (unsigned long long)gs.rip,
		 (unsigned long long)gs.rflags, gs.cpl);
	for (u32 i = 0; i < GPR_COUNT; i += 4) {
		log_warn("  %s %016llx %s %016llx %s %016llx %s %016llx", names[i],
			 (unsigned long long)gpr[i], names[i + 1], (unsigned long long)gpr[i + 1],
			 names[i + 2], (unsigned long long)gpr[i + 2], names[i + 3],
			 (unsigned long long)gpr[i + 3]);
	}
	log_warn("  cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx efer %04llx",
		 (unsigned long long)gs.cr0, (unsigned long long)gs.cr2, (unsigned long long)gs.cr3,
		 (unsigned long long)gs.cr4, (unsigned long long)gs.efer);
}
