// SPDX-License-Identifier: GPL-2.0-only
/* Which event the next entry delivers: see the header. Pure. */
#include "kernel/events.h"

enum exception_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT, CLASS_DOUBLE_FAULT };

/* SDM table 6-4 and APM table 8-3; vectors that are not named are benign. */
static const u8 exception_classes[32] = {
	[VECTOR_DE] = CLASS_CONTRIBUTORY, [VECTOR_DF] = CLASS_DOUBLE_FAULT,
	[VECTOR_TS] = CLASS_CONTRIBUTORY, [VECTOR_NP] = CLASS_CONTRIBUTORY,
	[VECTOR_SS] = CLASS_CONTRIBUTORY, [VECTOR_GP] = CLASS_CONTRIBUTORY,
	[VECTOR_PF] = CLASS_PAGE_FAULT,	  [VECTOR_VE] = CLASS_PAGE_FAULT,
	[VECTOR_CP] = CLASS_CONTRIBUTORY, [VECTOR_VC] = CLASS_CONTRIBUTORY,
	[VECTOR_SX] = CLASS_CONTRIBUTORY,
};

enum combination { DELIVER_SECOND, DOUBLE_FAULT, SHUTDOWN };

/* SDM table 6-5, "Conditions for generating a double fault", with its text on shutdown. The first
 * event (row) was being delivered when the second one (column) came. What is not combined is
 * handled "serially": the second is delivered, and a first one that was a fault or INT n comes up
 * again when its instruction is executed again. An interrupt or NMI has been acknowledged and is
 * gone, as on hardware: only a broken IDT or stack lets its delivery fault. */
/* clang-format off */
static const u8 combinations[4][4] = {
	/*                      benign          contributory    page fault      double fault */
	[CLASS_BENIGN]       = {DELIVER_SECOND, DELIVER_SECOND, DELIVER_SECOND, DELIVER_SECOND},
	[CLASS_CONTRIBUTORY] = {DELIVER_SECOND, DOUBLE_FAULT,   DELIVER_SECOND, DELIVER_SECOND},
	[CLASS_PAGE_FAULT]   = {DELIVER_SECOND, DOUBLE_FAULT,   DOUBLE_FAULT,   DELIVER_SECOND},
	[CLASS_DOUBLE_FAULT] = {DELIVER_SECOND, SHUTDOWN,       SHUTDOWN,       SHUTDOWN},
};
/* clang-format on */

/* Interrupts, NMIs and INT n are benign as first events. */
static u8 event_class(const struct virt_event *e)
{
	return e->type == VIRT_EVENT_EXCEPTION ? exception_classes[e->vector & 31] : CLASS_BENIGN;
}

void events_init(struct events *e)
{
	*e = (struct events){.queued = {.type = VIRT_EVENT_NONE}};
}

void events_interrupted(struct events *e, const struct virt_event *interrupted)
{
	e->queued = *interrupted;
}

void events_raise(struct events *e, u8 vector, bool has_error, u32 error)
{
	struct virt_event raised = {.type = VIRT_EVENT_EXCEPTION,
				    .vector = vector,
				    .has_error = has_error,
				    .error = has_error ? error : 0};
	u8 combination = DELIVER_SECOND;

	if (e->queued.type != VIRT_EVENT_NONE) {
		combination = combinations[event_class(&e->queued)][event_class(&raised)];
	}
	if (combination == SHUTDOWN) {
		e->triple_fault = true;
	} else if (combination == DOUBLE_FAULT) {
		e->queued = (struct virt_event){
			.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_DF, .has_error = true};
	} else {
		e->queued = raised;
	}
}

enum events_verdict events_next(const struct events *e, const struct event_sources *s,
				struct virt_inject *inject)
{
	bool nmi = s->nmi_pending && !s->nmi_blocked && !s->shadow &&
		   e->queued.type == VIRT_EVENT_NONE;

	if (e->triple_fault) {
		return EVENTS_TRIPLE_FAULT;
	}
	*inject = (struct virt_inject){
		.event = e->queued,
		.irq_offered = s->irq_vector >= 0,
		.irq_vector = s->irq_vector >= 0 ? (u8)s->irq_vector : 0,
		.nmi_window = s->nmi_pending && !nmi,
		.cr8_watch = s->lapic_irr,
	};
	if (nmi) {
		inject->event = (struct virt_event){.type = VIRT_EVENT_NMI, .vector = VECTOR_NMI};
	}
	return nmi ? EVENTS_ENTER_NMI : EVENTS_ENTER;
}
