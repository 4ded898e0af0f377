// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM life cycle. What a powered-on VM is made of is built and torn down in vm_build.c; here are the
 * states, who may ask for what, and admission control.
 */
#include "kernel/vm.h"

#include <stdarg.h>

#include "arch/arch.h"
#include "kernel/dispatch.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/params.h"
#include "kernel/vm_build.h"
#include "kernel/vm_sched.h"
#include "mm/frames.h"

static struct {
	struct vm *vms[VM_MAX]; /* (o) once below count */
	u32 count;		/* pCPU 0 writes */
	bool work;		/* atomic: housekeeping has something to do */
	struct timer pace;	/* housekeeping goes on when it fires */
} table;

static void pace_fire(struct timer *timer, u64 now_ns)
{
	(void)timer;
	(void)now_ns;
	__atomic_store_n(&table.work, true, __ATOMIC_SEQ_CST);
}

void vm_init(void)
{
	timer_init(&table.pace, pace_fire);
}

u32 vm_count(void)
{
	return table.count;
}

struct vm *vm_at(u32 index)
{
	assert(index < table.count);
	return table.vms[index];
}

struct vm *vm_by_name(const char *name)
{
	for (u32 i = 0; i < table.count; i++) {
		if (strcmp(table.vms[i]->config.name, name) == 0) {
			return table.vms[i];
		}
	}
	return NULL;
}

int vm_add(const struct vm_config *config, const char *file, struct vm **out)
{
	if (table.count == VM_MAX) {
		return ERR_LIMIT;
	}
	if (vm_by_name(config->name) != NULL) {
		return ERR_EXIST;
	}
	struct vm *vm = pages_alloc(sizeof(*vm));

	if (vm == NULL) {
		return ERR_NOMEM;
	}
	vm->id = (u16)(table.count + 1);
	vm->config = *config;
	fmt_print(vm->file, sizeof(vm->file), "%s", file);
	int err = vm_console_init(&vm->console);

	if (err != 0) {
		pages_free(vm, sizeof(*vm));
		return err;
	}
	table.vms[table.count++] = vm;
	*out = vm;
	return 0;
}

static u64 ram_pages(const struct vm *vm)
{
	return MIB(vm->config.mem_mb) >> PAGE_SHIFT;
}

/* Of what VMs that are on were promised, the part that is still free: what they have touched is in
 * use and not free any more. pCPU 0. */
static u64 outstanding_pages(void)
{
	u64 outstanding = 0;

	for (u32 i = 0; i < table.count; i++) {
		const struct vm *vm = table.vms[i];
		u64 taken = vm->p2m.touched_pages + vm->p2m.table_pages;

		if (vm->state != VM_OFF) {
			outstanding += vm->reserved_pages - MIN(vm->reserved_pages, taken);
		}
	}
	return outstanding;
}

/* Sets machine memory aside for all the VM may ever touch and for what the hypervisor needs for it.
 */
static int admit_memory(struct vm *vm)
{
	/* In this order: a page touched in between counts as promised and not free. */
	u64 outstanding = outstanding_pages();
	struct frame_stats stats;

	frames_get_stats(&stats);
	u64 free = stats.free_pages - MIN(stats.free_pages, outstanding);
	u64 want = ram_pages(vm) + vm_overhead_pages(vm);

	if (want > free) {
		fmt_print(
			vm->end_reason, sizeof(vm->end_reason),
			"needs %llu MB (memsize %u MB and overhead), %llu MB short of what is free",
			(unsigned long long)((want + 255) >> 8), vm->config.mem_mb,
			(unsigned long long)((want - free + 255) >> 8));
		return ERR_NOMEM;
	}
	vm->reserved_pages = want;
	return 0;
}

static int admit(struct vm *vm)
{
	int err = vm_sched_admit(vm, vm->end_reason, sizeof(vm->end_reason));

	return err != 0 ? err : admit_memory(vm);
}

/* Called with the VM off, or with a reset's teardown finished. */
static int power_on(struct vm *vm)
{
	struct frame_stats before, after;
	u64 start_ns = arch_now_ns();

	frames_get_stats(&before);
	int err = vm_build(vm);
	u64 now_ns = arch_now_ns();

	vm->rebuild_ns = now_ns + VM_REBUILD_PAUSE * (now_ns - start_ns);
	if (err != 0) {
		vm->end = VM_END_FAILED;
		log_error("vm %s: not started: %s", vm->config.name, vm->end_reason);
		return err;
	}
	frames_get_stats(&after);
	vm->fixed_pages = after.hypervisor_pages - before.hypervisor_pages - vm->p2m.table_pages;
	vm->parked = 0;
	vm->request = VM_REQ_NONE;
	vm->exit_status = 0;
	vm->end_reason[0] = '\0';
	vm->state = VM_RUNNING;
	vm_sched_start(vm);
	return 0;
}

int vm_start(struct vm *vm)
{
	if (vm->state != VM_OFF) {
		return ERR_BUSY;
	}
	int err = admit(vm);

	if (err != 0) {
		vm->end = VM_END_FAILED;
		log_error("vm %s: not started: %s", vm->config.name, vm->end_reason);
		return err;
	}
	vm->resets = 0;
	err = power_on(vm);
	if (err == 0) {
		log_info("vm %s: started, %u vCPU%s, %u MB", vm->config.name, vm->config.vcpus,
			 vm->config.vcpus == 1 ? "" : "s", vm->config.mem_mb);
	}
	return err;
}

static void park_all(struct vm *vm)
{
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		dispatch_park(vm->vcpus[i]);
	}
}

static void work_flag(void)
{
	__atomic_store_n(&table.work, true, __ATOMIC_SEQ_CST);
	arch_kick(0);
}

/* What can still be asked for. A VM that is being taken down to be reset can be stopped instead. */
static bool request_possible(const struct vm *vm, enum vm_request request)
{
	switch (vm->state) {
	case VM_RUNNING:
		return request > vm->request;
	case VM_PAUSED:
		return request > VM_REQ_PAUSE && request > vm->request;
	case VM_STOPPING:
		return request == VM_REQ_STOP && vm->request == VM_REQ_RESET;
	default:
		return false;
	}
}

/* Under the state lock. A stop overrules a reset, which overrules a pause. */
static int request_locked(struct vm *vm, enum vm_request request)
{
	if (!request_possible(vm, request)) {
		return ERR_BUSY;
	}
	vm->request = request;
	if (vm->state == VM_RUNNING) {
		park_all(vm);
	} else {
		work_flag();
	}
	return 0;
}
static_assert(VM_REQ_PAUSE < VM_REQ_RESET && VM_REQ_RESET < VM_REQ_STOP, "order of precedence");

int vm_request(struct vm *vm, enum vm_request request)
{
	spin_lock(&vm->state_lock);
	int err = request_locked(vm, request);

	if (err == 0 && request == VM_REQ_STOP) {
		vm->end = VM_END_STOPPED;
		vm->exit_status = 0;
	}
	spin_unlock(&vm->state_lock);
	return err;
}

int vm_resume(struct vm *vm)
{
	if (vm->state != VM_PAUSED || vm->request != VM_REQ_NONE) {
		return ERR_BUSY;
	}
	vm->parked = 0;
	vm->state = VM_RUNNING;
	dispatch_vm_unpark(vm);
	return 0;
}

void vm_end(struct vm *vm, enum vm_end end, u32 status, const char *reason_fmt, ...)
{
	va_list ap;

	spin_lock(&vm->state_lock);
	if (request_locked(vm, VM_REQ_STOP) == 0) {
		vm->end = end;
		vm->exit_status = status;
		va_start(ap, reason_fmt);
		fmt_vprint(vm->end_reason, sizeof(vm->end_reason), reason_fmt, ap);
		va_end(ap);
	}
	spin_unlock(&vm->state_lock);
}

void vm_vcpu_parked(struct vm *vm)
{
	u32 parked = __atomic_add_fetch(&vm->parked, 1, __ATOMIC_SEQ_CST);

	if (parked == vm->config.vcpus) {
		work_flag();
	}
}

static void usage_log(const struct vm *vm)
{
	log_info("vm %s: touched %llu KiB of %u MB, %llu KiB of hypervisor memory (%llu KiB page "
		 "tables)",
		 vm->config.name, (unsigned long long)(vm->p2m.touched_pages << 2),
		 vm->config.mem_mb,
		 (unsigned long long)((vm->fixed_pages + vm->p2m.table_pages) << 2),
		 (unsigned long long)(vm->p2m.table_pages << 2));
}

/* All vCPUs stand still: what next? */
static void vm_parked(struct vm *vm)
{
	spin_lock(&vm->state_lock);
	if (vm->request == VM_REQ_PAUSE) {
		vm->state = VM_PAUSED;
		vm->request = VM_REQ_NONE;
		log_info("vm %s: paused", vm->config.name);
	} else {
		vm->state = VM_STOPPING;
		usage_log(vm);
	}
	spin_unlock(&vm->state_lock);
}

static void vm_torn_down(struct vm *vm)
{
	char how[200];

	if (vm->request == VM_REQ_RESET) {
		vm->resets++;
		log_info("vm %s: reset", vm->config.name);
		if (power_on(vm) == 0) {
			return;
		}
	}
	vm->state = VM_OFF;
	vm->request = VM_REQ_NONE;
	vm_end_describe(vm, how, sizeof(how));
	log_info("vm %s: ended: %s", vm->config.name, how);
}

/* One step of one VM. Returns when the next is due, NEVER_NS: when something happens to it. */
static u64 vm_step(struct vm *vm, u64 now_ns)
{
	bool all_parked = __atomic_load_n(&vm->parked, __ATOMIC_SEQ_CST) == vm->config.vcpus;

	if (vm->state == VM_RUNNING && all_parked) {
		vm_parked(vm);
	}
	if (vm->state == VM_PAUSED && vm->request != VM_REQ_NONE) {
		vm->state = VM_STOPPING;
	}
	if (vm->state != VM_STOPPING) {
		return NEVER_NS;
	}
	if (!vm_teardown_step(vm)) {
		return now_ns;
	}
	if (vm->request == VM_REQ_RESET && now_ns < vm->rebuild_ns) {
		return vm->rebuild_ns;
	}
	vm_torn_down(vm);
	return NEVER_NS;
}

void vm_housekeeping(void)
{
	if (!__atomic_exchange_n(&table.work, false, __ATOMIC_SEQ_CST)) {
		return;
	}
	u64 start_ns = arch_now_ns();
	u64 due_ns = NEVER_NS;

	for (u32 i = 0; i < table.count; i++) {
		due_ns = MIN(due_ns, vm_step(table.vms[i], start_ns));
	}
	if (due_ns != NEVER_NS) {
		u64 now_ns = arch_now_ns();

		/* Guests on this pCPU get as much of it as taking VMs down does. */
		timer_arm(&table.pace, MAX(due_ns, now_ns + (now_ns - start_ns)));
	}
}

const char *vm_state_name(enum vm_state state)
{
	static const char *const names[] = {
		[VM_OFF] = "off",
		[VM_RUNNING] = "running",
		[VM_PAUSED] = "paused",
		[VM_STOPPING] = "stopping",
	};

	return names[state];
}

void vm_end_describe(struct vm *vm, char *buf, size_t size)
{
	static const char *const names[] = {
		[VM_END_NEVER_STARTED] = "never started",
		[VM_END_POWERED_OFF] = "powered off",
		[VM_END_STOPPED] = "stopped",
		[VM_END_DEBUG_EXIT] = "debug exit",
		[VM_END_CRASHED] = "crashed",
		[VM_END_FAILED] = "not started",
	};

	if (vm->end == VM_END_DEBUG_EXIT) {
		fmt_print(buf, size, "%s, status %u", names[vm->end], vm->exit_status);
	} else if (vm->end == VM_END_CRASHED || vm->end == VM_END_FAILED) {
		fmt_print(buf, size, "%s: %s", names[vm->end], vm->end_reason);
	} else {
		fmt_print(buf, size, "%s", names[vm->end]);
	}
}

bool vm_all_ended(u32 *failed)
{
	*failed = 0;
	for (u32 i = 0; i < table.count; i++) {
		struct vm *vm = table.vms[i];

		if (vm->state != VM_OFF) {
			return false;
		}
		if (vm->end == VM_END_CRASHED || vm->end == VM_END_FAILED || vm->exit_status != 0) {
			*failed += 1;
		}
	}
	return true;
}
