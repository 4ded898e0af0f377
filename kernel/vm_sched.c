// SPDX-License-Identifier: GPL-2.0-only
/* CPU parameters of VMs and admission control; see vm_sched.h. pCPU 0, no locks. */
#include "kernel/vm_sched.h"

#include "arch/arch.h"
#include "kernel/dispatch.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/params.h"
#include "kernel/pools.h"
#include "kernel/vm.h"

/* --- the machine ------------------------------------------------------------------------------ */

u32 vm_sched_pcpu_mhz(void)
{
	return (u32)(arch_tsc_khz() / 1000);
}

u64 vm_sched_capacity_mhz(void)
{
	u64 all_mhz = arch_tsc_khz() * arch_pcpu_count() / 1000;

	return all_mhz - all_mhz * SCHED_UNRESERVED_PERMILLE / 1000;
}

u64 vm_sched_reserved_mhz(void)
{
	return pool_reserved_mhz(NULL);
}

u64 vm_sched_rate_ns(u32 mhz)
{
	if (mhz == CONFIG_UNLIMITED) {
		return SCHED_UNLIMITED;
	}
	return (u64)mhz * 1000 * SCHED_PERIOD_NS / arch_tsc_khz();
}

/* --- a VM's parameters ------------------------------------------------------------------------ */

static u32 allowed_pcpus(const struct vm_config *config)
{
	u32 count = 0;

	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		count += bitmap_test(config->affinity, i) ? 1 : 0;
	}
	return count;
}

static void params_fill(const struct vm *vm, struct dispatch_vm_params *params)
{
	static const enum sched_rule rules[] = {
		[COSCHED_STRICT] = SCHED_COSCHED_STRICT,
		[COSCHED_RELAXED] = SCHED_COSCHED_RELAXED,
		[COSCHED_PERCPU] = SCHED_COSCHED_PERCPU,
		[COSCHED_OFF] = SCHED_COSCHED_OFF,
	};
	const struct vm_config *c = &vm->config;
	u32 shares = MAX(c->cpu_shares.value / c->vcpus, SCHED_SHARES_MIN);

	memset(params, 0, sizeof(*params));
	params->group = (struct sched_group_params){
		.shares = MIN(shares, SCHED_SHARES_MAX),
		.min_ns = vm_sched_rate_ns(c->cpu_min_mhz),
		.max_ns = vm_sched_rate_ns(c->cpu_max_mhz),
		.rule = rules[c->cosched],
		.skew_max_ns = c->cosched_skew_us * NSEC_PER_USEC,
	};
	params->pool = pool_sched(pool_by_name(c->pool));
	memcpy(params->affinity, c->affinity, sizeof(c->affinity));
}
static_assert(sizeof(((struct vm_config *)NULL)->affinity) ==
		      sizeof(((struct dispatch_vm_params *)NULL)->affinity),
	      "CONFIG_AFFINITY_PCPUS is PCPU_MAX");

void vm_sched_start(struct vm *vm)
{
	struct dispatch_vm_params params;

	params_fill(vm, &params);
	dispatch_vm_add(vm, &params);
	dispatch_vm_unpark(vm);
}

/* --- admission -------------------------------------------------------------------------------- */

static int affinity_admit(const struct vm_config *c, char *reason, size_t size)
{
	u32 allowed = allowed_pcpus(c);

	if (allowed == 0) {
		fmt_print(reason, size,
			  "sched.cpu.affinity names no pCPU of this machine, which has %u",
			  arch_pcpu_count());
		return ERR_RANGE;
	}
	/* These rules want all vCPUs that are behind, perhaps all there are, to start together. */
	if ((c->cosched == COSCHED_STRICT || c->cosched == COSCHED_RELAXED) && c->vcpus > allowed) {
		fmt_print(reason, size,
			  "sched.cpu.cosched = \"%s\" needs a pCPU for each vCPU: %u vCPUs, %u "
			  "pCPU%s",
			  c->cosched == COSCHED_STRICT ? "strict" : "relaxed", c->vcpus, allowed,
			  allowed == 1 ? "" : "s");
		return ERR_RANGE;
	}
	return 0;
}

/* What the VM alone could ever use. */
static int own_admit(const struct vm_config *c, char *reason, size_t size)
{
	u64 most_mhz = arch_tsc_khz() * MIN(c->vcpus, allowed_pcpus(c)) / 1000;

	if (c->cpu_min_mhz > most_mhz) {
		fmt_print(reason, size,
			  "sched.cpu.min = \"%u\" is %llu MHz more than its vCPUs can use here: "
			  "%u of %u MHz",
			  c->cpu_min_mhz, (unsigned long long)(c->cpu_min_mhz - most_mhz),
			  MIN(c->vcpus, allowed_pcpus(c)), vm_sched_pcpu_mhz());
		return ERR_LIMIT;
	}
	return 0;
}

int vm_sched_admit(const struct vm *vm, char *reason, size_t size)
{
	const struct vm_config *c = &vm->config;
	struct pool *pool = pool_by_name(c->pool);

	if (pool == NULL && c->pool[0] != '\0') {
		fmt_print(reason, size, "sched.cpu.pool = \"%s\": there is no such pool", c->pool);
		return ERR_NOENT;
	}
	int err = affinity_admit(c, reason, size);

	if (err == 0) {
		err = own_admit(c, reason, size);
	}
	if (err == 0) {
		err = pool_admit(pool, vm, c->cpu_min_mhz, reason, size);
	}
	return err;
}

int vm_sched_apply(struct vm *vm, char *reason, size_t size)
{
	struct dispatch_vm_params params;
	int err = vm_sched_admit(vm, reason, size);

	if (err == 0 && vm->group_added) {
		params_fill(vm, &params);
		dispatch_vm_set(vm, &params);
	}
	return err;
}
