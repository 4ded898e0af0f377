// SPDX-License-Identifier: GPL-2.0-only
/* Data for plots: who ran where, skew over time, share error over time. See report.h. */
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/assert.h"
#include "tests/sim/metric.h"
#include "tests/sim/report.h"
#include "tests/sim/watch.h"

#define SAMPLES	      500
/* Of the timeline: so many slices from the middle of the run on. */
#define WINDOW_SLICES 40
/* VMs that have a curve. */
#define CURVES_MAX    12

struct plot {
	char base[512]; /* folder and name */
	char title[128];
	FILE *samples;
	u64 window_ns; /* the timeline begins here */
};

static FILE *open_file(const struct plot *p, const char *suffix)
{
	char path[600];

	snprintf(path, sizeof(path), "%s%s", p->base, suffix);
	return fopen(path, "w");
}

static double vm_skew_ms(const struct sim *m, const struct sim_vm *vm)
{
	u64 worst_ns = 0;

	for (u32 i = 0; vm->alive && vm->params.vcpus > 1 && i < vm->params.vcpus; i++) {
		worst_ns = MAX(worst_ns, watch_skew_ns(m, &vm->vcpu[i]));
	}
	return (double)worst_ns / 1e6;
}

static void sample(struct sim *m)
{
	struct plot *p = m->sample_arg;

	fprintf(p->samples, "%.6f", (double)m->now_ns / 1e9);
	for (u32 i = 0; i < m->vms && i < CURVES_MAX; i++) {
		fprintf(p->samples, " %.6f %.6f", vm_skew_ms(m, &m->vm[i]),
			metric_of(m, "error", &m->vm[i]) * 100);
	}
	fputc('\n', p->samples);
}

struct plot *plot_begin(struct sim *m, const struct scenario *s, const char *folder,
			const char *name)
{
	struct plot *p = calloc(1, sizeof(*p));

	assert(p != NULL);
	snprintf(p->base, sizeof(p->base), "%s/%s", folder, name);
	snprintf(p->title, sizeof(p->title), "%s", name);
	p->samples = open_file(p, ".samples");
	m->timeline = open_file(p, ".timeline");
	if (p->samples == NULL || m->timeline == NULL) {
		free(p);
		return NULL;
	}
	p->window_ns = s->config.duration_ns / 2;
	m->timeline_from_ns = p->window_ns;
	m->timeline_to_ns = p->window_ns + WINDOW_SLICES * s->config.slice_ns;
	m->sample = sample;
	m->sample_arg = p;
	m->sample_gap_ns = s->config.duration_ns / SAMPLES + 1;
	m->sample_ns = m->sample_gap_ns;
	return p;
}

/* `least`: added, where zero cannot be shown. */
static void curves(FILE *to, const struct plot *p, const struct sim *m, u32 offset, double least)
{
	u32 count = MIN(m->vms, CURVES_MAX);

	for (u32 i = 0; i < count; i++) {
		fprintf(to, "%s'%s.samples' using 1:($%u+%g) with lines lc %u title '%s'",
			i == 0 ? "plot " : ", \\\n\t", p->base, 2 * i + offset, least, i + 1,
			m->vm[i].name);
	}
	fputc('\n', to);
}

static void timeline(FILE *to, const struct plot *p, const struct sim *m)
{
	fprintf(to, "set output '%s-timeline.svg'\nset title '%s: who ran where' noenhanced\n",
		p->base, p->title);
	fprintf(to,
		"set xlabel 'ms'\nset ylabel 'pCPU'\nset yrange [%.1f:-0.5]\nset xrange "
		"[%.3f:%.3f]\n",
		m->config.pcpus - 0.5, (double)m->timeline_from_ns / 1e6,
		(double)m->timeline_to_ns / 1e6);
	fputs("set ytics 1\nset style fill solid 0.8 noborder\n", to);
	for (u32 i = 0; i < MIN(m->vms, CURVES_MAX); i++) {
		fprintf(to,
			"%s'%s.timeline' using ($5==%u ? ($2+$3)/2e6 : "
			"NaN):1:($2/1e6):($3/1e6):($1-0.4):"
			"($1+0.4) with boxxyerror lc %u title '%s'",
			i == 0 ? "plot " : ", \\\n\t", p->base, i, i + 1, m->vm[i].name);
	}
	fputs("\nset autoscale\nset ytics auto\nset xlabel 's'\n", to);
}

void plot_end(struct plot *p, const struct sim *m)
{
	FILE *to = open_file(p, ".gp");

	fclose(p->samples);
	fclose(m->timeline);
	if (to != NULL && m->vms != 0) {
		fputs("set terminal svg size 1000,420 dynamic background '#ffffff'\n"
		      "set key outside right noenhanced\nset grid\n",
		      to);
		timeline(to, p, m);
		fprintf(to,
			"set output '%s-skew.svg'\nset title '%s: skew' noenhanced\nset ylabel "
			"'ms'\n",
			p->base, p->title);
		curves(to, p, m, 2, 0);
		fprintf(to,
			"set output '%s-error.svg'\nset title '%s: distance from the ideal share' "
			"noenhanced\nset ylabel 'per cent of it'\nset logscale y\n",
			p->base, p->title);
		curves(to, p, m, 3, 0.001);
	}
	if (to != NULL) {
		fclose(to);
	}
	free(p);
}
