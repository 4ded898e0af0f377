// SPDX-License-Identifier: GPL-2.0-only
/* Values in scenario files: numbers with units. See scenario.h. */
#include "tests/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	double ns;
} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

/* A non-negative number, and what follows it. */
static bool number(const char *text, double *value, const char **rest)
{
	char *end;

	*value = strtod(text, &end);
	*rest = end;
	return end != text && *value >= 0 && *value < 1e18;
}

bool value_time(const char *text, u64 *ns)
{
	const char *unit;
	double value;

	if (strcmp(text, "never") == 0) {
		*ns = NEVER_NS;
		return true;
	}
	if (!number(text, &value, &unit)) {
		return false;
	}
	for (u32 i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) == 0) {
			*ns = (u64)(value * units[i].ns + 0.5);
			return true;
		}
	}
	*ns = 0;
	return value == 0 && *unit == '\0';
}

bool value_rate(const char *text, u64 *ns)
{
	const char *unit;
	double value;

	if (strcmp(text, "unlimited") == 0) {
		*ns = SCHED_UNLIMITED;
		return true;
	}
	if (!number(text, &value, &unit) || strcmp(unit, "%") != 0) {
		return false;
	}
	*ns = (u64)(value / 100 * (double)SCHED_PERIOD_NS + 0.5);
	return true;
}

bool value_number(const char *text, u64 *value)
{
	char *end;

	*value = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

bool value_pcpus(const char *text, u32 pcpus, u64 *map)
{
	bool all = strcmp(text, "all") == 0;
	char *end = (char *)text;

	memset(map, 0, SCHED_PCPU_WORDS * sizeof(*map));
	for (u32 i = 0; all && i < pcpus; i++) {
		bitmap_set(map, i);
	}
	while (!all) {
		unsigned long first = strtoul(end, &end, 10), last = first;

		if (*end == '-') {
			last = strtoul(end + 1, &end, 10);
		}
		if (first > last || last >= pcpus) {
			return false;
		}
		for (; first <= last; first++) {
			bitmap_set(map, (u32)first);
		}
		if (*end != ',') {
			return *end == '\0' && end != text;
		}
		end++;
	}
	return true;
}

bool value_real(const char *text, double *value)
{
	const char *unit;
	u64 ns;

	if (!number(text, value, &unit)) {
		return false;
	}
	if (strcmp(unit, "%") == 0) {
		*value /= 100;
		return true;
	}
	if (*unit == '\0') {
		return true;
	}
	if (!value_time(text, &ns)) {
		return false;
	}
	*value = (double)ns;
	return true;
}
