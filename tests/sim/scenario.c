// SPDX-License-Identifier: GPL-2.0-only
/* Parser of scenario files. See scenario.h and README.md. */
#include "tests/sim/scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/assert.h"
#include "tests/sim/metric.h"
#include "tests/sim/scenario_priv.h"

void scenario_error(struct scenario *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
}

void *scenario_grow(void *array, u32 count, size_t size)
{
	void *grown = realloc(array, (count + 1) * size);

	assert(grown != NULL);
	memset((char *)grown + count * size, 0, size);
	return grown;
}

static bool find_vm(struct scenario *s, const char *name, u32 *index)
{
	for (*index = 0; *index < s->vms; (*index)++) {
		if (strcmp(s->vm[*index].name, name) == 0) {
			return true;
		}
	}
	scenario_error(s, "no VM is called %s", name);
	return false;
}

bool scenario_find_pool(struct scenario *s, const char *name, u32 *index)
{
	for (*index = 0; *index < s->pools; (*index)++) {
		if (strcmp(s->pool[*index].name, name) == 0) {
			return true;
		}
	}
	scenario_error(s, "no pool is called %s", name);
	return false;
}

static bool name_copy(struct scenario *s, char *to, const char *name)
{
	if (strlen(name) >= SIM_NAME_MAX || strchr(name, '=') != NULL || strcmp(name, "*") == 0) {
		scenario_error(s, "%s is not a name of at most %d characters", name,
			       SIM_NAME_MAX - 1);
		return false;
	}
	strcpy(to, name);
	return true;
}

static bool parse_machine(struct scenario *s, const struct words *w)
{
	return scenario_config_words(s, w->word + 1, w->count - 1);
}

static bool parse_pool(struct scenario *s, const struct words *w)
{
	struct sim_pool *pool;
	u32 first = 2, parent = 0;

	s->pool = scenario_grow(s->pool, s->pools, sizeof(*s->pool));
	pool = &s->pool[s->pools];
	pool->params = (struct sched_pool_params){.shares = 1000, .max_ns = SCHED_UNLIMITED};
	if (w->count < 2 || !name_copy(s, pool->name, w->word[1].text)) {
		return false;
	}
	if (w->count > 2 && strncmp(w->word[2].text, "parent=", 7) == 0) {
		if (!scenario_find_pool(s, w->word[2].text + 7, &parent)) {
			return false;
		}
		pool->parent = parent + 1;
		first++;
	}
	s->pools++;
	return scenario_pool_words(s, &pool->params, w->word + first, w->count - first);
}

static bool vm_add(struct scenario *s, const char *name, const struct sim_vm_params *p)
{
	struct sim_vm *vm;

	if (s->vms == s->vm_room) {
		s->vm_room = 2 * s->vm_room + 16;
		s->vm = realloc(s->vm, s->vm_room * sizeof(*s->vm));
		assert(s->vm != NULL);
	}
	vm = &s->vm[s->vms++];
	memset(vm, 0, sizeof(*vm));
	vm->params = *p;
	return name_copy(s, vm->name, name);
}

/* vm NAME [count=N] key=value...: with count, NAME0 .. */
static bool parse_vm(struct scenario *s, const struct words *w)
{
	struct sim_vm_params p = {
		.vcpus = 1,
		.shares = 1000,
		.max_ns = SCHED_UNLIMITED,
		.rule = SCHED_COSCHED_PERCPU,
		.skew_ns = 3 * NSEC_PER_MSEC,
		.stop_ns = NEVER_NS,
		.load = LOAD_CPU,
		.run_ns = NSEC_PER_MSEC,
		.period_ns = 10 * NSEC_PER_MSEC,
		.critical_ns = 20 * NSEC_PER_USEC,
		.spin = 1,
	};
	u64 count = 0;
	u32 first = 2;

	if (w->count < 2 || !value_pcpus("all", s->config.pcpus, p.affinity)) {
		scenario_error(s, "a VM needs a name");
		return false;
	}
	if (w->count > 2 && strncmp(w->word[2].text, "count=", 6) == 0) {
		if (!value_number(w->word[2].text + 6, &count) || count == 0 || count > 100000) {
			scenario_error(s, "%s: expected a number from 1 to 100000",
				       w->word[2].text);
			return false;
		}
		first++;
	}
	if (!scenario_vm_words(s, &p, w->word + first, w->count - first)) {
		return false;
	}
	if (count == 0) {
		return vm_add(s, w->word[1].text, &p);
	}
	for (u64 i = 0; i < count; i++) {
		char name[SCENARIO_WORD_MAX + 24];

		snprintf(name, sizeof(name), "%s%llu", w->word[1].text, (unsigned long long)i);
		if (!vm_add(s, name, &p)) {
			return false;
		}
	}
	return true;
}

/* at TIME start VM | stop VM | set VM key=value... | set-pool POOL key=value... */
static bool parse_at(struct scenario *s, const struct words *w)
{
	static const char *const kinds[] = {"start", "stop", "set", "set-pool"};
	struct command c = {0};

	if (w->count < 4 || !value_time(w->word[1].text, &c.at_ns)) {
		scenario_error(s, "expected: at TIME start|stop|set|set-pool NAME [key=value...]");
		return false;
	}
	while (c.kind < ARRAY_SIZE(kinds) && strcmp(kinds[c.kind], w->word[2].text) != 0) {
		c.kind++;
	}
	if (c.kind == ARRAY_SIZE(kinds)) {
		scenario_error(s, "%s: expected start, stop, set or set-pool", w->word[2].text);
		return false;
	}
	if (c.kind == COMMAND_SET_POOL ? !scenario_find_pool(s, w->word[3].text, &c.target)
				       : !find_vm(s, w->word[3].text, &c.target)) {
		return false;
	}
	c.words = w->count - 4;
	c.word = calloc(c.words + 1, sizeof(*c.word));
	memcpy(c.word, w->word + 4, c.words * sizeof(*c.word));
	s->command = scenario_grow(s->command, s->commands, sizeof(*s->command));
	s->command[s->commands++] = c;
	/* Tried now, so that what is wrong is known now. */
	if (c.kind == COMMAND_SET_POOL) {
		struct sched_pool_params p = s->pool[c.target].params;

		return scenario_pool_words(s, &p, c.word, c.words);
	}
	struct sim_vm_params p = s->vm[c.target].params;

	if (!scenario_vm_words(s, &p, c.word, c.words)) {
		return false;
	}
	if (p.vcpus != s->vm[c.target].params.vcpus) {
		scenario_error(s, "vcpus cannot change");
		return false;
	}
	return true;
}

static struct expect *expect_add(struct scenario *s)
{
	s->expect = scenario_grow(s->expect, s->expects, sizeof(*s->expect));
	return &s->expect[s->expects++];
}

/* expect METRIC VM VALUE +-TOLERANCE | < VALUE | > VALUE. The tolerance in % is of the value. */
static bool parse_expect(struct scenario *s, const struct words *w)
{
	struct expect *e = expect_add(s);
	bool good = w->count == 5;

	e->line = w->line;
	good = good && metric_exists(w->word[1].text);
	if (good) {
		bool below = strcmp(w->word[3].text, "<") == 0,
		     above = strcmp(w->word[3].text, ">") == 0;

		e->metric = w->word[1];
		e->vm = w->word[2];
		e->kind = below ? EXPECT_BELOW : above ? EXPECT_ABOVE : EXPECT_NEAR;
		if (e->kind == EXPECT_NEAR) {
			good = value_real(w->word[3].text, &e->value) &&
			       strncmp(w->word[4].text, "+-", 2) == 0 &&
			       value_real(w->word[4].text + 2, &e->tolerance);
			e->tolerance *= strchr(w->word[4].text, '%') != NULL ? e->value : 1;
		} else {
			e->symbol = metric_symbol(w->word[4].text);
			good = e->symbol != NULL || value_real(w->word[4].text, &e->value);
		}
	}
	if (!good) {
		scenario_error(s,
			       "expected: expect METRIC VM VALUE +-TOLERANCE, < VALUE or > VALUE");
	}
	return good;
}

/* bench NAME METRIC VM */
static bool parse_bench(struct scenario *s, const struct words *w)
{
	struct expect *e = expect_add(s);

	if (w->count != 4 || !metric_exists(w->word[2].text)) {
		scenario_error(s, "expected: bench NAME METRIC VM");
		return false;
	}
	e->line = w->line;
	e->bench = w->word[1];
	e->metric = w->word[2];
	e->vm = w->word[3];
	return true;
}

static bool variant_known(struct scenario *s, const char *name)
{
	for (u32 i = 0; i < s->variants; i++) {
		if (strcmp(s->variant[i].text, name) == 0) {
			return true;
		}
	}
	scenario_error(s, "%s is not a variant", name);
	return false;
}

/* compare METRIC VM A > B > C */
static bool parse_compare(struct scenario *s, const struct words *w)
{
	struct compare *c;

	s->compare = scenario_grow(s->compare, s->compares, sizeof(*s->compare));
	c = &s->compare[s->compares++];
	c->line = w->line;
	if (w->count < 6 || w->count % 2 != 0 || !metric_exists(w->word[1].text)) {
		scenario_error(s, "expected: compare METRIC VM VARIANT > VARIANT ...");
		return false;
	}
	c->metric = w->word[1];
	c->vm = w->word[2];
	for (u32 i = 3; i < w->count && c->count < SCENARIO_VARIANTS; i += 2) {
		if (!variant_known(s, w->word[i].text)) {
			return false;
		}
		c->variant[c->count++] = w->word[i];
	}
	return true;
}

/* ratio NAME METRIC VM A / B < LIMIT */
static bool parse_ratio(struct scenario *s, const struct words *w)
{
	struct compare *c;

	s->compare = scenario_grow(s->compare, s->compares, sizeof(*s->compare));
	c = &s->compare[s->compares++];
	c->line = w->line;
	if (w->count != 9 || !metric_exists(w->word[2].text) ||
	    !value_real(w->word[8].text, &c->ratio_max)) {
		scenario_error(s, "expected: ratio NAME METRIC VM VARIANT / VARIANT < LIMIT");
		return false;
	}
	c->name = w->word[1];
	c->metric = w->word[2];
	c->vm = w->word[3];
	c->variant[c->count++] = w->word[4];
	c->variant[c->count++] = w->word[6];
	return variant_known(s, w->word[4].text) && variant_known(s, w->word[6].text);
}

static bool parse_variants(struct scenario *s, const struct words *w)
{
	if (w->count < 2 || w->count - 1 > SCENARIO_VARIANTS) {
		scenario_error(s, "expected: variants NAME..., at most %u", SCENARIO_VARIANTS);
		return false;
	}
	for (s->variants = 0; s->variants + 1 < w->count; s->variants++) {
		s->variant[s->variants] = w->word[s->variants + 1];
	}
	return true;
}

static bool parse_line(struct scenario *s, const struct words *w)
{
	static const struct {
		const char *keyword;
		bool (*parse)(struct scenario *s, const struct words *w);
	} statements[] = {
		{"at", parse_at},	  {"bench", parse_bench},	{"compare", parse_compare},
		{"expect", parse_expect}, {"machine", parse_machine},	{"pool", parse_pool},
		{"ratio", parse_ratio},	  {"variants", parse_variants}, {"vm", parse_vm},
	};

	for (u32 i = 0; i < ARRAY_SIZE(statements); i++) {
		if (strcmp(statements[i].keyword, w->word[0].text) == 0) {
			return statements[i].parse(s, w);
		}
	}
	scenario_error(s, "%s: not a statement", w->word[0].text);
	return false;
}

/* Splits at blanks, up to a #; each $V becomes the variant. False: a word is too long, or there are
 * too many. */
static bool split(struct words *w, const char *line, size_t length, const char *variant)
{
	size_t at = 0, fill = 0;

	w->count = 0;
	while (at < length && line[at] != '#') {
		if (line[at] == ' ' || line[at] == '\t') {
			w->count += fill != 0;
			fill = 0;
			at++;
			continue;
		}
		const char *piece = &line[at];
		size_t size = 1;

		at++;
		if (piece[0] == '$' && at < length && line[at] == 'V') {
			piece = variant;
			size = strlen(variant);
			at++;
		}
		if (w->count == SCENARIO_WORDS_MAX || fill + size >= SCENARIO_WORD_MAX) {
			return false;
		}
		memcpy(&w->word[w->count].text[fill], piece, size);
		fill += size;
		w->word[w->count].text[fill] = '\0';
	}
	w->count += fill != 0;
	return true;
}

bool scenario_parse(struct scenario *s, const char *file, const char *text, const char *variant)
{
	struct words words = {.line = 1};

	*s = (struct scenario){0};
	snprintf(s->file, sizeof(s->file), "%s", file);
	scenario_config_default(&s->config);
	for (const char *line = text; *line != '\0'; words.line++) {
		size_t length = strcspn(line, "\n");
		bool good = split(&words, line, length, variant);

		if (!good) {
			scenario_error(s, "a word or the line is too long");
		} else if (words.count != 0) {
			good = parse_line(s, &words);
			variant = variant[0] == '\0' ? s->variant[0].text : variant;
		}
		if (!good) {
			struct scenario why = *s;

			scenario_error(s, "%.60s:%u: %.200s", s->file, words.line, why.error);
			return false;
		}
		line += length + (line[length] == '\n');
	}
	return true;
}

void scenario_free(struct scenario *s)
{
	for (u32 i = 0; i < s->vms; i++) {
		free(s->vm[i].vcpu);
	}
	for (u32 i = 0; i < s->commands; i++) {
		free(s->command[i].word);
	}
	free(s->pool);
	free(s->vm);
	free(s->command);
	free(s->expect);
	free(s->compare);
}
