// SPDX-License-Identifier: GPL-2.0-only
/* See the header. Pure. */
#include "kernel/guestif/vmware_commands.h"

#include "guest-tools/abi/vmware.h"
#include "kernel/params.h"

#define COMMAND_MASK 0xffffu /* bits 31:16 belong to commands that have variants */

typedef struct vmware_outcome command_fn(const struct vmware_env *env, struct vmware_regs *r);

static const struct vmware_outcome nothing = {.effect = VMWARE_NOTHING};

static struct vmware_outcome get_mhz(const struct vmware_env *env, struct vmware_regs *r)
{
	r->eax = (u32)(env->tsc_khz / 1000);
	return nothing;
}

static struct vmware_outcome get_version(const struct vmware_env *env, struct vmware_regs *r)
{
	(void)env;
	r->eax = VMWARE_VERSION;
	r->ebx = VMWARE_MAGIC;
	r->ecx = VMWARE_PRODUCT_TYPE;
	return nothing;
}

static struct vmware_outcome get_hz(const struct vmware_env *env, struct vmware_regs *r)
{
	u64 hz = env->tsc_khz * 1000;

	r->eax = (u32)hz;
	r->ebx = (u32)(hz >> 32);
	r->ecx = env->apic_hz;
	return nothing;
}

static u32 micros(u64 ns)
{
	return (u32)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

/* Saturating: the register has 32 bits. */
static u32 lag_us(u64 ns)
{
	return (u32)MIN(ns / NSEC_PER_USEC, (u64)UINT32_MAX);
}

static u32 largest_lag_us(const struct vmware_env *env)
{
	return lag_us(env->tick_lag_ns) > UINT32_MAX - VMWARE_MAX_LAG_US
		       ? UINT32_MAX
		       : lag_us(env->tick_lag_ns) + VMWARE_MAX_LAG_US;
}

static struct vmware_outcome get_time(const struct vmware_env *env, struct vmware_regs *r)
{
	r->eax = (u32)(env->calendar_ns / NSEC_PER_SEC);
	r->ebx = micros(env->calendar_ns);
	r->ecx = largest_lag_us(env);
	return nothing;
}

static struct vmware_outcome get_time_full(const struct vmware_env *env, struct vmware_regs *r)
{
	u64 seconds = env->calendar_ns / NSEC_PER_SEC;

	r->eax = VMWARE_MAGIC;
	r->esi = (u32)(seconds >> 32);
	r->edx = (u32)seconds;
	r->ebx = micros(env->calendar_ns);
	r->ecx = largest_lag_us(env);
	return nothing;
}

static struct vmware_outcome get_time_full_with_lag(const struct vmware_env *env,
						    struct vmware_regs *r)
{
	(void)get_time_full(env, r);
	r->ecx = VMWARE_MAX_LAG_US;
	r->edi = lag_us(env->tick_lag_ns);
	return nothing;
}

/* EAX keeps the magic, which callers take for success. */
static struct vmware_outcome stop_catchup(const struct vmware_env *env, struct vmware_regs *r)
{
	(void)env;
	(void)r;
	return (struct vmware_outcome){.effect = VMWARE_DROP_BACKLOG};
}

/* Bit 31 clear: the answer is meant. */
static struct vmware_outcome get_vcpu_info(const struct vmware_env *env, struct vmware_regs *r)
{
	(void)env;
	r->eax = VMWARE_VCPU_LEGACY_X2APIC;
	return nothing;
}

static struct vmware_outcome steal_clock(const struct vmware_env *env, struct vmware_regs *r)
{
	u64 at = (u64)r->esi << 32 | r->edi;

	(void)env;
	if (at == VMWARE_STEAL_OFF) {
		r->eax = VMWARE_STEAL_DISABLED;
		return (struct vmware_outcome){.effect = VMWARE_STEAL_STOP};
	}
	if (at % VMWARE_STEAL_BYTES != 0) {
		r->eax = VMWARE_STEAL_UNAVAILABLE;
		return nothing;
	}
	r->eax = VMWARE_STEAL_ENABLED;
	return (struct vmware_outcome){.effect = VMWARE_STEAL_START, .steal_at = gpa(at)};
}

/* clang-format off */
static const struct {
	command_fn *run;
	bool privileged; /* what it does concerns the kernel's memory */
} commands[VMWARE_COMMANDS] = {
	[VMWARE_GETMHZ]               = {get_mhz, false},
	[VMWARE_GETVERSION]           = {get_version, false},
	[VMWARE_GETTIME]              = {get_time, false},
	[VMWARE_STOPCATCHUP]          = {stop_catchup, false},
	[VMWARE_GETHZ]                = {get_hz, false},
	[VMWARE_GETTIMEFULL]          = {get_time_full, false},
	[VMWARE_GETTIMEFULL_WITH_LAG] = {get_time_full_with_lag, false},
	[VMWARE_GETVCPU_INFO]         = {get_vcpu_info, false},
	[VMWARE_STEALCLOCK]           = {steal_clock, true},
};
/* clang-format on */

bool vmware_command_privileged(u32 ecx)
{
	u32 number = ecx & COMMAND_MASK;

	return number >= VMWARE_COMMANDS || commands[number].run == NULL ||
	       commands[number].privileged;
}

struct vmware_outcome vmware_command(const struct vmware_env *env, struct vmware_regs *regs)
{
	u32 number = regs->ecx & COMMAND_MASK;

	if (number >= VMWARE_COMMANDS || commands[number].run == NULL) {
		regs->eax = VMWARE_UNKNOWN;
		return nothing;
	}
	return commands[number].run(env, regs);
}
