// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random scenarios: machines of all shapes, VMs that come and go, parameters that change, all
 * workloads. Reservations stay below what the machine has, and whoever has one may run everywhere,
 * so that each can be kept.
 */
#include "tests/sim/random.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/unit/rng.h"

struct random {
	struct rng rng;
	char *text;
	size_t size, length;
	u32 pcpus, pools, vms;
	u32 reserved; /* per cent of a pCPU handed out */
	u32 run_ms;
	u32 vcpus;
};

static void put(struct random *r, const char *fmt, ...) printf_like(2, 3);

static void put(struct random *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->length += (size_t)vsnprintf(r->text + r->length, r->size - r->length, fmt, ap);
	va_end(ap);
	r->length = MIN(r->length, r->size - 1);
}

static u32 pick(struct random *r, u32 from, u32 to)
{
	return from + (u32)rng_below(&r->rng, to - from + 1);
}

static bool chance(struct random *r, u32 percent)
{
	return rng_below(&r->rng, 100) < percent;
}

/* One of `count` numbers. */
static u32 one_of(struct random *r, const u32 *from, u32 count)
{
	return from[rng_below(&r->rng, count)];
}

#define ONE_OF(r, ...)                                                                             \
	one_of(r, (const u32[]){__VA_ARGS__}, ARRAY_SIZE(((const u32[]){__VA_ARGS__})))

static void machine(struct random *r)
{
	r->pcpus = ONE_OF(r, 1, 1, 2, 2, 3, 4, 4, 5, 8, 16);
	r->run_ms = chance(r, 10) ? 2500 : 500;
	put(r, "machine pcpus=%u threads=%u cores=%u caches=%u slice=%ums run=%ums seed=%u\n",
	    r->pcpus, pick(r, 1, 2), ONE_OF(r, 0, 1, 2, 4), ONE_OF(r, 0, 1, 2),
	    ONE_OF(r, 2, 5, 10, 20), r->run_ms, pick(r, 1, 1000000));
	put(r, "machine kick=%uns switch=%uns exit=%uns ple=%uus clock=%uns ideal=%u\n",
	    ONE_OF(r, 0, 500, 2000, 20000), ONE_OF(r, 0, 500, 3000), ONE_OF(r, 0, 300, 1000),
	    ONE_OF(r, 0, 20, 50), ONE_OF(r, 0, 0, 0, 100, 5000), chance(r, 10));
	if (chance(r, 30)) {
		put(r, "machine interrupt_gap=%uus interrupt=%uus\n", ONE_OF(r, 200, 1000, 5000),
		    ONE_OF(r, 1, 5, 30));
	}
}

static void pools(struct random *r)
{
	r->pools = chance(r, 35) ? pick(r, 1, 3) : 0;
	for (u32 i = 0; i < r->pools; i++) {
		put(r, "pool p%u", i);
		if (i > 0 && chance(r, 40)) {
			put(r, " parent=p%u", pick(r, 0, i - 1));
		}
		put(r, " shares=%u", pick(r, 1, 40) * 100);
		if (chance(r, 30)) {
			put(r, " max=%u%%", pick(r, 5, 100 * r->pcpus));
		}
		put(r, "\n");
	}
}

static void affinity(struct random *r)
{
	u32 first = pick(r, 0, r->pcpus - 1), last = pick(r, first, r->pcpus - 1);

	put(r, " affinity=%u-%u", first, last);
	if (chance(r, 30)) {
		put(r, ",%u", pick(r, 0, r->pcpus - 1));
	}
}

/* A reservation, or an affinity, or neither; a limit. */
static void rates(struct random *r, u32 vcpus)
{
	u32 most = MIN(60 * r->pcpus - r->reserved, 80 * vcpus);
	u32 min = 0;

	if (most >= 10 && chance(r, 25)) {
		min = pick(r, 5, most);
		r->reserved += min;
		put(r, " min=%u%%", min);
	} else if (chance(r, 30)) {
		affinity(r);
	}
	if (chance(r, 20)) {
		put(r, " max=%u%%", MAX(min, pick(r, 3, 100 * vcpus)));
	}
}

static void workload(struct random *r)
{
	switch (pick(r, 0, 8)) {
	case 0:
	case 1:
		put(r, " load=cpu");
		break;
	case 2:
		put(r, " load=periodic run=%uus period=%ums jitter=%u", pick(r, 20, 4000),
		    pick(r, 1, 20), pick(r, 0, 1000));
		break;
	case 3:
		put(r, " load=bursty run=%uus period=%uus", pick(r, 50, 30000), pick(r, 50, 50000));
		break;
	case 4:
		put(r, " load=barrier run=%uus spin=1 jitter=%u", pick(r, 100, 5000),
		    pick(r, 0, 500));
		break;
	case 5:
		put(r, " load=barrier run=%uus spin=0 jitter=%u", pick(r, 100, 5000),
		    pick(r, 0, 500));
		break;
	case 6:
		put(r, " load=spinlock run=%uus critical=%uus", pick(r, 100, 2000),
		    pick(r, 5, 300));
		break;
	case 7:
		put(r, " load=io run=%uus period=%uus", pick(r, 20, 2000), pick(r, 50, 20000));
		break;
	default:
		put(r, " load=dodger run=%uus period=10ms", pick(r, 100, 1000));
		break;
	}
}

static const char *rule(struct random *r)
{
	static const char *const rules[] = {"off", "percpu", "percpu", "relaxed", "strict"};

	return rules[rng_below(&r->rng, ARRAY_SIZE(rules))];
}

static void vm(struct random *r, u32 index)
{
	u32 vcpus = chance(r, 45) ? 1 : pick(r, 2, MIN(r->pcpus + 2, 8));

	r->vcpus += vcpus;
	put(r, "vm v%u vcpus=%u shares=%u", index, vcpus,
	    chance(r, 60) ? ONE_OF(r, 500, 1000, 2000) : pick(r, 1, 80) * 100);
	if (vcpus > 1) {
		put(r, " rule=%s skew=%uus", rule(r), pick(r, 10, 100) * 100);
	}
	if (r->pools != 0 && chance(r, 60)) {
		put(r, " pool=p%u", pick(r, 0, r->pools - 1));
	}
	rates(r, vcpus);
	workload(r);
	if (chance(r, 25)) {
		put(r, " start=%ums", pick(r, 0, r->run_ms / 2));
	}
	if (chance(r, 20)) {
		put(r, " stop=%ums", pick(r, r->run_ms / 2, r->run_ms));
	}
	put(r, "\n");
}

static void change(struct random *r)
{
	u32 at_ms = pick(r, 0, r->run_ms), target = pick(r, 0, r->vms - 1);

	switch (pick(r, 0, 6)) {
	case 0:
	case 1:
		put(r, "at %ums set v%u shares=%u\n", at_ms, target, pick(r, 1, 60) * 100);
		break;
	case 2:
		put(r, "at %ums set v%u min=0%% max=%u%%\n", at_ms, target, pick(r, 3, 200));
		break;
	case 3:
		put(r, "at %ums set v%u max=unlimited skew=%uus rule=%s\n", at_ms, target,
		    pick(r, 10, 100) * 100, rule(r));
		break;
	case 4:
		put(r, "at %ums set v%u min=0%%", at_ms, target);
		affinity(r);
		put(r, "\n");
		break;
	case 5:
		put(r, "at %ums %s v%u\n", at_ms, chance(r, 50) ? "start" : "stop", target);
		break;
	default:
		if (r->pools != 0) {
			put(r, "at %ums set-pool p%u shares=%u\n", at_ms, pick(r, 0, r->pools - 1),
			    pick(r, 1, 60) * 100);
			put(r, "at %ums set v%u pool=p%u\n", at_ms, target,
			    pick(r, 0, r->pools - 1));
		}
	}
}

void random_scenario(u64 seed, char *text, size_t size)
{
	struct random r = {.text = text, .size = size};

	/* Neighbouring seeds begin alike: let them part. */
	r.rng.state = (seed + 1) * 0x9e3779b97f4a7c15ull | 1;
	for (u32 i = 0; i < 16; i++) {
		rng_next(&r.rng);
	}
	text[0] = '\0';
	put(&r, "# seed %llu\n", (unsigned long long)seed);
	machine(&r);
	pools(&r);
	for (u32 most = pick(&r, 1, 10); r.vms < most && r.vcpus < 4 * r.pcpus + 4; r.vms++) {
		vm(&r, r.vms);
	}
	for (u32 changes = chance(&r, 50) ? pick(&r, 1, 8) : 0; changes != 0; changes--) {
		change(&r);
	}
}
