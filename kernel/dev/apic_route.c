// SPDX-License-Identifier: GPL-2.0-only
/* Destinations of interrupt messages (SDM vol. 3, 11.6.2, 11.6.2.4, 11.12.10). Pure, lock-free
 * reads. */
#include "kernel/dev/apic_route.h"
#include "kernel/dev/vlapic_priv.h"

/* Whether the APIC takes messages of this delivery mode at all. */
static bool route_receives(u32 route, u8 delivery)
{
	bool needs_software =
		delivery != APIC_NMI && delivery != APIC_INIT && delivery != APIC_STARTUP;

	if ((route & ROUTE_ENABLED) == 0 || delivery == APIC_REMOTE_READ) {
		return false;
	}
	return !needs_software || (route & ROUTE_SOFT_ENABLED) != 0;
}

/* SDM 11.12.10.1: cluster in bits 31:16, a bit per member in 15:0. */
static bool route_matches_x2apic_logical(u32 apic_id, u32 dest)
{
	u32 ldr = vlapic_x2apic_ldr(apic_id);

	return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff) != 0;
}

/* SDM 11.6.2.2: flat, a bit per APIC; cluster, 4 bits of cluster and 4 of members. Cluster 15 is
 * all. */
static bool route_matches_xapic_logical(u32 route, u32 dest)
{
	u32 logical = ROUTE_LOGICAL(route);

	if ((route & ROUTE_FLAT) != 0) {
		return (logical & dest) != 0;
	}
	return (dest >> 4 == 0xf || logical >> 4 == dest >> 4) && (logical & dest & 0xf) != 0;
}

static bool route_matches(const struct apic_msg *msg, u32 apic_id, u32 route)
{
	/* An 8-bit destination FFh reaches all, x2APICs too: the IOAPIC knows no other broadcast.
	 */
	if (msg->dest == (msg->wide ? UINT32_MAX : 0xffu)) {
		return true;
	}
	if (!msg->logical) {
		return apic_id == msg->dest;
	}
	if ((route & ROUTE_X2APIC) != 0) {
		return route_matches_x2apic_logical(apic_id, msg->dest);
	}
	return msg->dest <= 0xff && route_matches_xapic_logical(route, msg->dest);
}

static bool route_selects(const struct apic_msg *msg, u32 index, u32 apic_id, u32 route)
{
	switch (msg->shorthand) {
	case APIC_TO_SELF:
		return index == msg->source;
	case APIC_TO_ALL:
		return true;
	case APIC_TO_OTHERS:
		return index != msg->source;
	default:
		return route_matches(msg, apic_id, route);
	}
}

/* SDM 11.6.2.4: the least processor priority wins; equals take turns. */
static u32 route_arbitrate(u32 set, const struct vlapic *const *lapics, u32 count, u8 *rotor)
{
	u32 best = 0, best_ppr = UINT32_MAX;

	for (u32 n = 1; n <= count; n++) {
		u32 i = (*rotor + n) % count;
		u32 ppr = __atomic_load_n(&lapics[i]->ppr, __ATOMIC_RELAXED);

		if ((set >> i & 1) != 0 && ppr < best_ppr) {
			best = i;
			best_ppr = ppr;
		}
	}
	*rotor = (u8)best;
	return 1u << best;
}

u32 apic_route(const struct apic_msg *msg, const struct vlapic *const *lapics, u32 count, u8 *rotor)
{
	u32 set = 0;

	for (u32 i = 0; i < count; i++) {
		u32 route = __atomic_load_n(&lapics[i]->route, __ATOMIC_RELAXED);

		if (route_receives(route, msg->delivery) &&
		    route_selects(msg, i, lapics[i]->apic_id, route)) {
			set |= 1u << i;
		}
	}
	if (set != 0 && msg->delivery == APIC_LOWEST) {
		return route_arbitrate(set, lapics, count, rotor);
	}
	return set;
}
