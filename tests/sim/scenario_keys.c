// SPDX-License-Identifier: GPL-2.0-only
/* The keys of machines, pools and VMs in scenario files: tables of name, kind and place. */
#include "tests/sim/scenario_priv.h"

#include <string.h>

enum kind { NUMBER, TIME, RATE, RULE, LOAD, PCPUS, POOL };

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	u64 min, max;
	bool wide; /* u64, not u32 */
};

#define U32(type, name_, field, kind_, min_, max_)                                                 \
	{                                                                                          \
		name_, kind_, offsetof(struct type, field), min_, max_, false                      \
	}
#define U64(type, name_, field, kind_, min_, max_)                                                 \
	{                                                                                          \
		name_, kind_, offsetof(struct type, field), min_, max_, true                       \
	}

#define YEAR_NS (365ull * 86400 * NSEC_PER_SEC)

static const struct key config_keys[] = {
	U32(sim_config, "pcpus", pcpus, NUMBER, 1, SCHED_PCPU_MAX),
	U32(sim_config, "threads", threads, NUMBER, 0, SCHED_PCPU_MAX),
	U32(sim_config, "cores", cores, NUMBER, 0, SCHED_PCPU_MAX),
	U32(sim_config, "caches", caches, NUMBER, 0, SCHED_PCPU_MAX),
	U64(sim_config, "slice", slice_ns, TIME, NSEC_PER_MSEC, 100 * NSEC_PER_MSEC),
	U64(sim_config, "kick", kick_ns, TIME, 0, NSEC_PER_MSEC),
	U64(sim_config, "switch", switch_ns, TIME, 0, NSEC_PER_MSEC),
	U64(sim_config, "exit", exit_ns, TIME, 0, NSEC_PER_MSEC),
	U64(sim_config, "ple", ple_ns, TIME, 0, NSEC_PER_SEC),
	U64(sim_config, "clock", clock_ns, TIME, 0, NSEC_PER_MSEC),
	U64(sim_config, "interrupt_gap", interrupt_gap_ns, TIME, 0, NSEC_PER_SEC),
	U64(sim_config, "interrupt", interrupt_ns, TIME, 0, NSEC_PER_MSEC),
	U64(sim_config, "run", duration_ns, TIME, 1, YEAR_NS),
	U64(sim_config, "warmup", warmup_ns, TIME, 0, YEAR_NS),
	U64(sim_config, "seed", seed, NUMBER, 0, UINT64_MAX),
	U32(sim_config, "ideal", ideal, NUMBER, 0, 1),
};

static const struct key pool_keys[] = {
	U32(sched_pool_params, "shares", shares, NUMBER, SCHED_SHARES_MIN, SCHED_SHARES_MAX),
	U64(sched_pool_params, "min", min_ns, RATE, 0, UINT64_MAX),
	U64(sched_pool_params, "max", max_ns, RATE, 1, UINT64_MAX),
};

static const struct key vm_keys[] = {
	U32(sim_vm_params, "vcpus", vcpus, NUMBER, 1, SCHED_SIBLINGS_MAX),
	U32(sim_vm_params, "shares", shares, NUMBER, SCHED_SHARES_MIN, SCHED_SHARES_MAX),
	U64(sim_vm_params, "min", min_ns, RATE, 0, UINT64_MAX),
	U64(sim_vm_params, "max", max_ns, RATE, 1, UINT64_MAX),
	U32(sim_vm_params, "rule", rule, RULE, 0, 0),
	U64(sim_vm_params, "skew", skew_ns, TIME, 1, NSEC_PER_SEC),
	U32(sim_vm_params, "pool", pool, POOL, 0, 0),
	U64(sim_vm_params, "affinity", affinity, PCPUS, 0, 0),
	U64(sim_vm_params, "start", start_ns, TIME, 0, UINT64_MAX),
	U64(sim_vm_params, "stop", stop_ns, TIME, 0, UINT64_MAX),
	U32(sim_vm_params, "load", load, LOAD, 0, 0),
	U64(sim_vm_params, "run", run_ns, TIME, 1, NSEC_PER_SEC),
	U64(sim_vm_params, "period", period_ns, TIME, 1, NSEC_PER_SEC),
	U64(sim_vm_params, "critical", critical_ns, TIME, 1, NSEC_PER_SEC),
	U64(sim_vm_params, "jitter", jitter, NUMBER, 0, 1000),
	U32(sim_vm_params, "spin", spin, NUMBER, 0, 1),
};

static const char *const rules[] = {
	[SCHED_COSCHED_OFF] = "off",
	[SCHED_COSCHED_PERCPU] = "percpu",
	[SCHED_COSCHED_RELAXED] = "relaxed",
	[SCHED_COSCHED_STRICT] = "strict",
};

static const char *const loads[] = {
	[LOAD_CPU] = "cpu",	    [LOAD_PERIODIC] = "periodic", [LOAD_BURSTY] = "bursty",
	[LOAD_BARRIER] = "barrier", [LOAD_SPINLOCK] = "spinlock", [LOAD_IO] = "io",
	[LOAD_DODGER] = "dodger",
};

static bool name_find(const char *const *names, u32 count, const char *text, u64 *value)
{
	for (*value = 0; *value < count; (*value)++) {
		if (strcmp(names[*value], text) == 0) {
			return true;
		}
	}
	return false;
}

static bool value_of(struct scenario *s, const struct key *k, const char *text, u64 *value)
{
	u32 index = 0;

	switch (k->kind) {
	case NUMBER:
		return value_number(text, value) && *value >= k->min && *value <= k->max;
	case TIME:
		return value_time(text, value) && *value >= k->min && *value <= k->max;
	case RATE:
		return value_rate(text, value) && *value >= k->min;
	case RULE:
		return name_find(rules, ARRAY_SIZE(rules), text, value);
	case LOAD:
		return name_find(loads, ARRAY_SIZE(loads), text, value);
	case POOL:
		if (strcmp(text, "root") == 0) {
			*value = 0;
			return true;
		}
		if (!scenario_find_pool(s, text, &index)) {
			return false;
		}
		*value = index + 1;
		return true;
	case PCPUS:
		return false; /* not a number: see assign() */
	}
	return false;
}

static const char *expected(enum kind kind)
{
	static const char *const texts[] = {
		[NUMBER] = "a number in range",
		[TIME] = "a time in range like 10ms, 1.5s, 20us",
		[RATE] = "per cent of a pCPU like 150%, or unlimited",
		[RULE] = "off, percpu, relaxed or strict",
		[LOAD] = "cpu, periodic, bursty, barrier, spinlock, io or dodger",
		[PCPUS] = "all, or pCPUs of the machine like 0-3,7",
		[POOL] = "root or a pool",
	};

	return texts[kind];
}

static bool assign(struct scenario *s, const struct key *k, void *to, const char *text)
{
	char *field = (char *)to + k->offset;
	u64 value;

	if (k->kind == PCPUS) {
		return value_pcpus(text, s->config.pcpus, (u64 *)field);
	}
	if (!value_of(s, k, text, &value)) {
		return false;
	}
	if (k->wide) {
		*(u64 *)field = value;
	} else {
		*(u32 *)field = (u32)value;
	}
	return true;
}

static bool word_apply(struct scenario *s, const struct key *keys, u32 count, void *to,
		       const char *word)
{
	const char *sign = strchr(word, '=');

	for (u32 i = 0; sign != NULL && i < count; i++) {
		size_t length = (size_t)(sign - word);

		if (strlen(keys[i].name) == length && memcmp(keys[i].name, word, length) == 0) {
			if (!assign(s, &keys[i], to, sign + 1)) {
				scenario_error(s, "%s: expected %s", word, expected(keys[i].kind));
				return false;
			}
			return true;
		}
	}
	scenario_error(s, "%s: not a known key=value", word);
	return false;
}

static bool words_apply(struct scenario *s, const struct key *keys, u32 count, void *to,
			const struct word *word, u32 words)
{
	for (u32 i = 0; i < words; i++) {
		if (!word_apply(s, keys, count, to, word[i].text)) {
			return false;
		}
	}
	return true;
}

bool scenario_vm_words(struct scenario *s, struct sim_vm_params *p, const struct word *word,
		       u32 words)
{
	return words_apply(s, vm_keys, ARRAY_SIZE(vm_keys), p, word, words);
}

bool scenario_pool_words(struct scenario *s, struct sched_pool_params *p, const struct word *word,
			 u32 words)
{
	return words_apply(s, pool_keys, ARRAY_SIZE(pool_keys), p, word, words);
}

bool scenario_config_words(struct scenario *s, const struct word *word, u32 words)
{
	return words_apply(s, config_keys, ARRAY_SIZE(config_keys), &s->config, word, words);
}

void scenario_config_default(struct sim_config *config)
{
	*config = (struct sim_config){
		.pcpus = 1,
		.threads = 1,
		.slice_ns = 10 * NSEC_PER_MSEC,
		.kick_ns = 2 * NSEC_PER_USEC,
		.switch_ns = 2 * NSEC_PER_USEC,
		.exit_ns = 500,
		.ple_ns = 20 * NSEC_PER_USEC,
		.duration_ns = NSEC_PER_SEC,
		.seed = 1,
		.ideal = 1,
	};
}
