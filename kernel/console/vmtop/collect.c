// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples. VMs come and go on pCPU 0 only, where this runs; the counters of running vCPUs are read
 * as account.h allows. All worlds are read for one instant, so that their times add up alike.
 */
#include "kernel/console/vmtop/collect.h"

#include "arch/arch.h"
#include "kernel/dispatch.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/vm.h"
#include "mm/frames.h"

/* The group of what pCPUs do when they have nothing to do; its worlds' numbers follow those of
 * vCPUs. */
#define IDLE_GID	 0u
#define IDLE_WORLD_FIRST ((VM_MAX + 1) * VM_VCPUS_MAX)

static u64 pages_kib(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static u32 worlds_max(void)
{
	u32 count = arch_pcpu_count();

	for (u32 i = 0; i < vm_count(); i++) {
		count += vm_at(i)->config.vcpus;
	}
	return count;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* All arrays in one piece, which begins with the groups: their number does not change after boot.
 */
static u64 sample_bytes(void)
{
	return (vm_count() + 1) * sizeof(struct top_group) +
	       worlds_max() * sizeof(struct top_world) + arch_pcpu_count() * sizeof(u64);
}

int top_sample_alloc(struct top_sample *s)
{
	memset(s, 0, sizeof(*s));
	s->groups = pages_alloc(sample_bytes());
	if (s->groups == NULL) {
		return ERR_NOMEM;
	}
	s->worlds = (struct top_world *)(s->groups + vm_count() + 1);
	s->pcpu_idle_ns = (u64 *)(s->worlds + worlds_max());
	return 0;
}

void top_sample_free(struct top_sample *s)
{
	if (s->groups != NULL) {
		pages_free(s->groups, sample_bytes());
	}
	memset(s, 0, sizeof(*s));
}

/* --- counters --------------------------------------------------------------------------------- */

static struct top_group *group_add(struct top_sample *s, u32 gid, const char *name)
{
	struct top_group *g = &s->groups[s->group_count++];

	memset(g, 0, sizeof(*g));
	g->gid = gid;
	fmt_print(g->name, sizeof(g->name), "%s", name);
	g->first = s->world_count;
	return g;
}

static struct top_world *world_add(struct top_sample *s, struct top_group *g, u32 id)
{
	struct top_world *w = &s->worlds[s->world_count++];

	g->count++;
	w->id = id;
	w->born_ns = 0;
	return w;
}

/* A pCPU's idle world runs when the pCPU idles; else it would like to. */
static void idle_take(struct top_sample *s)
{
	struct top_group *g = group_add(s, IDLE_GID, "idle");

	s->pcpu_count = arch_pcpu_count();
	for (u32 i = 0; i < s->pcpu_count; i++) {
		struct top_world *w = world_add(s, g, IDLE_WORLD_FIRST + i);
		struct pcpu_stats stats;

		dispatch_get_stats(i, s->now_ns, &stats);
		s->pcpu_idle_ns[i] = MIN(stats.idle_ns, s->now_ns);
		w->times = (struct account_times){
			.elapsed_ns = s->now_ns,
			.run_ns = s->pcpu_idle_ns[i],
			.ready_ns = s->now_ns - s->pcpu_idle_ns[i],
		};
	}
}

static void vm_take(struct top_sample *s, const struct vm *vm)
{
	struct top_group *g = group_add(s, vm->id, vm->config.name);

	g->vm = true;
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		const struct sched_world *from = &vm->vcpus[i]->world;
		struct top_world *w = world_add(s, g, from->id);

		w->born_ns = from->account.added_ns;
		w->times = account_read(&from->account, s->now_ns);
	}
	g->allocation = (struct top_allocation){
		.shares = vm->config.cpu_shares.value,
		.min_mhz = vm->config.cpu_min_mhz,
		.max_mhz = vm->config.cpu_max_mhz == CONFIG_UNLIMITED ? -1
								      : (s64)vm->config.cpu_max_mhz,
	};
	g->memory = (struct top_group_memory){
		.size_kib = (u64)vm->config.mem_mb << 10,
		.granted_kib = pages_kib(vm->p2m.touched_pages),
		.overhead_kib = pages_kib(vm->fixed_pages + vm->p2m.table_pages),
		.overhead_max_kib = pages_kib(vm_overhead_pages(vm)),
	};
}

static void memory_take(struct top_sample *s)
{
	struct frame_stats stats;

	frames_get_stats(&stats);
	s->memory = (struct top_memory){
		.total_kib = pages_kib(stats.total_pages),
		.free_kib = pages_kib(stats.free_pages),
		.guests_kib = pages_kib(stats.private_pages),
		.hypervisor_kib = pages_kib(stats.hypervisor_pages),
	};
}

void top_sample_take(struct top_sample *s)
{
	s->now_ns = arch_now_ns();
	s->wallclock_s = arch_boot_wallclock_s() + s->now_ns / NSEC_PER_SEC;
	s->group_count = 0;
	s->world_count = 0;
	idle_take(s);
	for (u32 i = 0; i < vm_count(); i++) {
		const struct vm *vm = vm_at(i);

		/* One that is being taken down has lost vCPUs. */
		if (vm->state == VM_RUNNING || vm->state == VM_PAUSED) {
			vm_take(s, vm);
		}
	}
	memory_take(s);
}
