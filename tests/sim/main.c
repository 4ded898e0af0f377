// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's command line.
 *
 *   sim [options] FILE...             runs scenario files; PASS or FAIL for each
 *   sim [options] --random SEED       runs the random scenario of that seed; with --count N, of N
 * seeds from there
 *
 *   --trace        all events to stdout                 --print     the random scenario's text,
 * instead of running it
 *   --table        figures of every VM                  --report D  CSV and plot data into folder D
 *   --bench        BENCH lines of scenarios             --fast      no checks after each step
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/lib/assert.h"
#include "tests/sim/metric.h"
#include "tests/sim/random.h"
#include "tests/sim/report.h"

#define TEXT_MAX      (1u << 20)
/* Each costs a look at every vCPU. */
#define GUARDED_CALLS 5000

struct options {
	bool trace, print, table, bench, fast, guard;
	const char *report;
	u64 seed, count;
	bool random;
};

/* What the variants of a scenario have shown, for compare lines. */
struct seen {
	double value[SCENARIO_VARIANTS][64];
};

static char *file_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, TEXT_MAX);
	size_t length;

	assert(text != NULL);
	if (f == NULL) {
		free(text);
		return NULL;
	}
	length = fread(text, 1, TEXT_MAX - 1, f);
	text[length] = '\0';
	fclose(f);
	return text;
}

static const char *base_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	char *dot;

	snprintf(name, size, "%s", slash != NULL ? slash + 1 : path);
	dot = strrchr(name, '.');
	if (dot != NULL) {
		*dot = '\0';
	}
	return name;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report_files(const struct options *o, const struct sim *m, const char *name)
{
	char path[600];
	FILE *csv;

	snprintf(path, sizeof(path), "%s/%s.csv", o->report, name);
	csv = fopen(path, "w");
	if (csv != NULL) {
		report_csv(m, csv);
		fclose(csv);
	}
}

static void sim_options(struct sim *m, const struct options *o, u32 vcpus)
{
	*m = (struct sim){0};
	m->check = !o->fast && vcpus <= 128;
	m->guard = o->guard && vcpus <= 128 ? GUARDED_CALLS : 0;
	m->measure = o->bench;
	m->trace = o->trace ? stdout : NULL;
}

static u32 scenario_vcpus(const struct scenario *s)
{
	u32 sum = 0;

	for (u32 i = 0; i < s->vms; i++) {
		sum += s->vm[i].params.vcpus;
	}
	return sum;
}

/* One run. The number of failures. */
static u32 run(struct scenario *s, const struct options *o, const char *name, struct sim *m)
{
	struct plot *plot = NULL;
	u32 failed = 0;

	sim_options(m, o, scenario_vcpus(s));
	if (o->report != NULL) {
		plot = plot_begin(m, s, o->report, name);
	}
	scenario_run(s, m);
	if (m->failed) {
		printf("  %s: at %.6f ms: %s\n", name, (double)m->now_ns / 1e6, m->failure);
		failed++;
	}
	failed += expect_check(s, m);
	if (o->table) {
		printf("%s\n", name);
		report_table(m, stdout);
	}
	if (o->bench) {
		bench_print(s, m);
	}
	if (plot != NULL) {
		plot_end(plot, m);
		report_files(o, m, name);
	}
	return failed;
}

static u32 variant_index(const struct scenario *s, const char *name)
{
	u32 i = 0;

	while (i < s->variants && strcmp(s->variant[i].text, name) != 0) {
		i++;
	}
	return i;
}

static double seen_of(const struct scenario *s, const struct seen *seen, u32 compare, u32 variant)
{
	const char *name = s->compare[compare].variant[variant].text;

	return seen->value[variant_index(s, name)][compare];
}

static bool ratio_holds(const struct scenario *s, const struct compare *c, double a, double b,
			bool bench)
{
	if (bench && !isnan(a / b)) {
		printf("BENCH %s %.3f ratio\n", c->name.text, a / b);
	}
	if (a / b < c->ratio_max) {
		return true;
	}
	printf("  %s:%u: %s of %s is %.6g with %s, %.6g with %s: %.3f times as much\n", s->file,
	       c->line, c->metric.text, c->vm.text, a, c->variant[0].text, b, c->variant[1].text,
	       a / b);
	return false;
}

static u32 compare_check(const struct scenario *s, const struct seen *seen, bool bench)
{
	u32 failed = 0;

	for (u32 i = 0; i < s->compares; i++) {
		const struct compare *c = &s->compare[i];

		for (u32 j = 1; j < c->count; j++) {
			double a = seen_of(s, seen, i, j - 1), b = seen_of(s, seen, i, j);

			if (c->ratio_max != 0) {
				failed += !ratio_holds(s, c, a, b, bench);
			} else if (!(a > b)) {
				failed++;
				printf("  %s:%u: %s of %s is %.6g with %s, %.6g with %s\n", s->file,
				       c->line, c->metric.text, c->vm.text, a,
				       c->variant[j - 1].text, b, c->variant[j].text);
			}
		}
	}
	return failed;
}

static void machine_free(struct sim *m)
{
	sim_end(m);
	free(m->vcpu);
}

/* A scenario file, in all its variants. */
static u32 run_file(const char *path, const struct options *o, const char *name)
{
	char *text = file_read(path);
	u32 failed = 0, variants = 1;
	struct seen *seen = calloc(1, sizeof(*seen));

	if (text == NULL) {
		printf("  %s: cannot be read\n", path);
		free(seen);
		return 1;
	}
	for (u32 i = 0; i < variants; i++) {
		struct scenario s;
		struct sim m;
		char full[160];

		if (!scenario_parse(&s, path, text, "")) {
			printf("  %s\n", s.error);
			failed++;
			scenario_free(&s);
			break;
		}
		struct word variant = s.variants == 0 ? (struct word){""} : s.variant[i];

		variants = MAX(s.variants, 1u);
		scenario_free(&s);
		snprintf(full, sizeof(full), "%s%s%s", name, variants > 1 ? "-" : "", variant.text);
		if (!scenario_parse(&s, path, text, variant.text)) {
			printf("  %s\n", s.error);
			failed++;
			scenario_free(&s);
			continue;
		}
		failed += run(&s, o, full, &m);
		for (u32 j = 0; j < MIN(s.compares, 64u); j++) {
			seen->value[i][j] =
				metric_max(&m, s.compare[j].metric.text, s.compare[j].vm.text);
		}
		if (i + 1 == variants) {
			failed += compare_check(&s, seen, o->bench);
		}
		machine_free(&m);
		scenario_free(&s);
	}
	free(text);
	free(seen);
	return failed;
}

/* An assertion or sanitizer that fails must not hide which seed it was. */
static u64 seed_now;

static void seed_tell(int signal_number)
{
	(void)signal_number;
	printf("FAIL sim/random seed %llu: aborted\n", (unsigned long long)seed_now);
	fflush(stdout);
	_exit(1);
}

/* Read by the sanitizers' run-time. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static u32 run_seed(u64 seed, const struct options *o)
{
	static char text[16384];
	struct options own = *o;
	char name[40];
	struct scenario s;
	struct sim m;
	u32 failed;

	seed_now = seed;
	random_scenario(seed, text, sizeof(text));
	if (o->print) {
		fputs(text, stdout);
		return 0;
	}
	snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
	if (!scenario_parse(&s, name, text, "")) {
		printf("  %s\n", s.error);
		scenario_free(&s);
		return 1;
	}
	own.guard = seed % 4 == 0;
	failed = run(&s, &own, name, &m);
	machine_free(&m);
	scenario_free(&s);
	return failed;
}

static bool options_parse(struct options *o, int *argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		const char *a = argv[i], *value = i + 1 < *argc ? argv[i + 1] : NULL;
		const struct {
			const char *name;
			bool *flag;
		} flags[] = {{"--trace", &o->trace}, {"--print", &o->print},
			     {"--table", &o->table}, {"--bench", &o->bench},
			     {"--fast", &o->fast},   {"--guard", &o->guard}};
		bool known = a[0] != '-';

		for (u32 j = 0; j < ARRAY_SIZE(flags); j++) {
			if (strcmp(a, flags[j].name) == 0) {
				*flags[j].flag = known = true;
			}
		}
		if (a[0] != '-') {
			argv[kept++] = argv[i];
		} else if (!known && value != NULL) {
			known = true;
			i++;
			if (strcmp(a, "--random") == 0) {
				o->random = value_number(value, &o->seed);
				known = o->random;
			} else if (strcmp(a, "--count") == 0) {
				known = value_number(value, &o->count);
			} else if (strcmp(a, "--report") == 0) {
				o->report = value;
			} else {
				known = false;
			}
		}
		if (!known) {
			fprintf(stderr,
				"sim: %s: unknown or without its value; see tests/sim/README.md\n",
				a);
			return false;
		}
	}
	*argc = kept;
	return true;
}

int main(int argc, char **argv)
{
	struct options o = {.count = 1};
	u32 failures = 0;

	if (!options_parse(&o, &argc, argv)) {
		return 2;
	}
	if (o.random) {
		signal(SIGABRT, seed_tell);
	}
	for (u64 i = 0; o.random && i < o.count; i++) {
		u32 failed = run_seed(o.seed + i, &o);

		if (failed != 0) {
			printf("FAIL sim/random seed %llu\n", (unsigned long long)(o.seed + i));
		}
		failures += failed != 0;
	}
	for (int i = 1; i < argc; i++) {
		double from_s = now_s();
		char name[128];
		u32 failed = run_file(argv[i], &o, base_name(argv[i], name, sizeof(name)));

		printf("%s sim/%s (%.1f s)\n", failed == 0 ? "PASS" : "FAIL", name,
		       now_s() - from_s);
		failures += failed != 0;
	}
	return failures == 0 ? 0 : 1;
}
