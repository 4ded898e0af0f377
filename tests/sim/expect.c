// SPDX-License-Identifier: GPL-2.0-only
/* Expectations and benchmark lines of scenarios. See metric.h. */
#include <math.h>
#include <string.h>

#include "tests/sim/metric.h"
#include "tests/sim/steps_count.h"
#include "tests/sim/watch.h"

static const char *const symbols[] = {"slice", "lag_bound", "skew_bound"};

const char *metric_symbol(const char *text)
{
	for (u32 i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (strcmp(text, symbols[i]) == 0) {
			return symbols[i];
		}
	}
	return NULL;
}

double metric_symbol_value(const struct sim *m, const struct sim_vm *vm, const char *symbol)
{
	if (strcmp(symbol, "slice") == 0) {
		return (double)m->config.slice_ns;
	}
	if (strcmp(symbol, "lag_bound") == 0) {
		return (double)sched_lag_bound_ns(m->sched);
	}
	return (double)watch_skew_bound_ns(m, vm);
}

struct look {
	const struct scenario *s;
	const struct sim *m;
	const struct expect *e;
	u32 failed;
};

static bool holds(const struct expect *e, double value, double wanted)
{
	switch (e->kind) {
	case EXPECT_BELOW:
		return value < wanted;
	case EXPECT_ABOVE:
		return value > wanted;
	case EXPECT_NEAR:
		return fabs(value - wanted) <= e->tolerance;
	}
	return false;
}

static void look(const struct sim_vm *vm, double value, void *arg)
{
	static const char *const signs[] = {
		[EXPECT_NEAR] = "", [EXPECT_BELOW] = "< ", [EXPECT_ABOVE] = "> "};
	struct look *l = arg;
	const struct expect *e = l->e;
	double wanted = e->symbol != NULL ? metric_symbol_value(l->m, vm, e->symbol) : e->value;

	if (!holds(e, value, wanted)) {
		l->failed++;
		printf("  %s:%u: %s of %s is %.6g, expected %s%.6g +-%.3g\n", l->s->file, e->line,
		       e->metric.text, vm->name, value, signs[e->kind], wanted, e->tolerance);
	}
}

u32 expect_check(const struct scenario *s, const struct sim *m)
{
	struct look l = {.s = s, .m = m};

	for (u32 i = 0; i < s->expects; i++) {
		l.e = &s->expect[i];
		if (l.e->bench.text[0] == '\0' &&
		    !metric_each(m, l.e->metric.text, l.e->vm.text, look, &l)) {
			l.failed++;
			printf("  %s:%u: there is no VM %s\n", s->file, l.e->line, l.e->vm.text);
		}
	}
	return l.failed;
}

/* The unit that the end of a name, or a part between _ and _, asks for. */
static double unit_scale(const char *name, const char **unit)
{
	static const struct {
		const char *part, *unit;
		double scale;
	} units[] = {
		{"_permille", "permille", 1000}, {"_us", "us", 1e-3},	 {"_ns", "ns", 1},
		{"_steps", "basic_blocks", 1},	 {"_per_s", "per_s", 1},
	};

	for (u32 i = 0; i < ARRAY_SIZE(units); i++) {
		const char *at = strstr(name, units[i].part);

		if (at != NULL && strchr("_", at[strlen(units[i].part)]) != NULL) {
			*unit = units[i].unit;
			return units[i].scale;
		}
	}
	*unit = "1";
	return 1;
}

void bench_print(const struct scenario *s, const struct sim *m)
{
	for (u32 i = 0; i < s->expects; i++) {
		const struct expect *e = &s->expect[i];
		const char *unit;
		double scale = unit_scale(e->bench.text, &unit);

		/* The program that counts steps has no times to tell, the others have no steps. */
		if (e->bench.text[0] != '\0' &&
		    strcmp(e->metric.text, steps_count != 0 ? "decision_ns" : "decision_steps") !=
			    0) {
			printf("BENCH %s %.2f %s\n", e->bench.text,
			       metric_max(m, e->metric.text, e->vm.text) * scale, unit);
		}
	}
}
