// SPDX-License-Identifier: GPL-2.0-only
/* Tables of a run. See report.h. */
#include "tests/sim/report.h"

#include "tests/sim/metric.h"

#define ROWS_MAX 48

struct column {
	const char *title, *metric;
	double scale;
	u32 width, decimals;
};

static const struct column columns[] = {
	{"cpu%", "cpu", 100, 7, 2},
	{"ideal%", "ideal", 100, 7, 2},
	{"err%", "error", 100, 6, 2},
	{"ready%", "ready", 100, 7, 2},
	{"cstp%", "costop", 100, 6, 2},
	{"mlmtd%", "limited", 100, 7, 2},
	{"wait%", "wait", 100, 6, 2},
	{"lag ms", "lag_max", 1e-6, 7, 2},
	{"skew ms", "skew_rule", 1e-6, 8, 2},
	{"apart ms", "skew_max", 1e-6, 8, 2},
	{"p50 us", "latency_p50", 1e-3, 8, 0},
	{"p99 us", "latency_p99", 1e-3, 8, 0},
	{"phases/s", "phases", 1, 9, 1},
	{"sect/s", "sections", 1, 8, 0},
	{"migr/s", "migrations", 1, 7, 1},
	{"sw/s", "switches", 1, 7, 0},
	{"yield/s", "yields", 1, 8, 0},
};

void report_table(const struct sim *m, FILE *to)
{
	fprintf(to, "%-12s %3s %6s", "VM", "n", "shares");
	for (u32 i = 0; i < ARRAY_SIZE(columns); i++) {
		fprintf(to, " %*s", (int)columns[i].width, columns[i].title);
	}
	fputc('\n', to);
	for (u32 i = 0; i < m->vms && i < ROWS_MAX; i++) {
		const struct sim_vm *vm = &m->vm[i];

		fprintf(to, "%-12s %3u %6u", vm->name, vm->params.vcpus, vm->params.shares);
		for (u32 j = 0; j < ARRAY_SIZE(columns); j++) {
			const struct column *c = &columns[j];

			fprintf(to, " %*.*f", (int)c->width, (int)c->decimals,
				metric_of(m, c->metric, vm) * c->scale);
		}
		fputc('\n', to);
	}
	if (m->vms > ROWS_MAX) {
		fprintf(to, "... and %u more\n", m->vms - ROWS_MAX);
	}
	if (m->vms != 0) {
		fprintf(to, "machine: %.3f s, %u pCPUs, %.2f %% idle, %llu events\n",
			(double)m->now_ns / 1e9, m->config.pcpus,
			metric_of(m, "machine_idle", m->vm) * 100, (unsigned long long)m->steps);
	}
}

void report_csv(const struct sim *m, FILE *to)
{
	fputs("vm,vcpu,shares,elapsed_ns,run_ns,ready_ns,costop_ns,wait_ns,limited_ns,idle_ns,"
	      "swpwt_ns,system_ns,overlap_ns,guest_ns,switches,migrations,ideal_ns,error,lag_max_"
	      "ns,"
	      "yields\n",
	      to);
	for (u32 i = 0; i < m->vcpus; i++) {
		const struct sim_vcpu *v = m->vcpu[i];
		struct account_times t = metric_times(m, v);
		double ideal_ns = v->ideal_ns - v->base_ideal_ns;

		fprintf(to, "%s,%u,%u", v->vm->name, (u32)(v - v->vm->vcpu), v->vm->params.shares);
		const u64 fields[] = {
			t.elapsed_ns, t.run_ns,	  t.ready_ns,	t.costop_ns, t.wait_ns,
			t.limited_ns, t.idle_ns,  t.swpwt_ns,	t.system_ns, t.overlap_ns,
			t.guest_ns,   t.switches, t.migrations,
		};

		for (u32 j = 0; j < ARRAY_SIZE(fields); j++) {
			fprintf(to, ",%llu", (unsigned long long)fields[j]);
		}
		fprintf(to, ",%.0f,%.6f,%lld,%llu\n", ideal_ns,
			ideal_ns > 0 ? ((double)t.run_ns - ideal_ns) / ideal_ns : 0,
			(long long)v->lag_max_ns, (unsigned long long)v->yields);
	}
}
