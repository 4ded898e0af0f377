// SPDX-License-Identifier: GPL-2.0-only
/* kernel/guestif/vmware_commands: what each command answers, and that nothing else changes. */
#include "tests/unit/unit.h"
#include "guest-tools/abi/vmware.h"
#include "kernel/guestif/vmware_commands.h"
#include "kernel/params.h"

/* 2038 has come: 2^32 + 7 s. */
static const struct vmware_env env = {
	.tsc_khz = 2912345,
	.apic_hz = 1000000000,
	.calendar_ns = ((1ull << 32) + 7) * NSEC_PER_SEC + 123456789,
	.tick_lag_ns = 2500 * NSEC_PER_USEC + 999,
};

static struct vmware_regs ask(u32 ecx, u32 esi, u32 edi)
{
	return (struct vmware_regs){.eax = VMWARE_MAGIC,
				    .ebx = 0xb0b0b0b0,
				    .ecx = ecx,
				    .edx = 0xd0d0d000 | VMWARE_PORT,
				    .esi = esi,
				    .edi = edi};
}

/* Runs a command that has no effect outside the registers. */
static struct vmware_regs run(u32 ecx)
{
	struct vmware_regs regs = ask(ecx, 0x51515151, 0xd1d1d1d1);

	assert_int_equal(vmware_command(&env, &regs).effect, VMWARE_NOTHING);
	return regs;
}

static void expect(struct vmware_regs got, struct vmware_regs want)
{
	assert_memory_equal(&got, &want, sizeof(got));
}

static void versions_and_rates(void **state)
{
	struct vmware_regs want = ask(VMWARE_GETVERSION, 0x51515151, 0xd1d1d1d1);

	(void)state;
	want.eax = 6;
	want.ebx = VMWARE_MAGIC;
	want.ecx = VMWARE_PRODUCT_TYPE;
	expect(run(VMWARE_GETVERSION), want);

	want = ask(VMWARE_GETMHZ, 0x51515151, 0xd1d1d1d1);
	want.eax = 2912;
	expect(run(VMWARE_GETMHZ), want);

	want = ask(VMWARE_GETHZ, 0x51515151, 0xd1d1d1d1);
	want.eax = 2912345000u;
	want.ebx = 0;
	want.ecx = 1000000000;
	expect(run(VMWARE_GETHZ), want);

	want = ask(VMWARE_GETVCPU_INFO, 0x51515151, 0xd1d1d1d1);
	want.eax = 8;
	expect(run(VMWARE_GETVCPU_INFO), want);
}

static void a_rate_above_32_bits(void **state)
{
	struct vmware_env fast = env;
	struct vmware_regs r = ask(VMWARE_GETHZ, 0, 0);

	(void)state;
	fast.tsc_khz = 5000000;
	(void)vmware_command(&fast, &r);
	assert_true(((u64)r.ebx << 32 | r.eax) == 5000000000ull);
}

static void times(void **state)
{
	struct vmware_regs want = ask(VMWARE_GETTIMEFULL, 0, 0xd1d1d1d1);

	(void)state;
	want.eax = VMWARE_MAGIC;
	want.esi = 1;
	want.edx = 7;
	want.ebx = 123456;
	want.ecx = VMWARE_MAX_LAG_US + 2500;
	expect(run(VMWARE_GETTIMEFULL), want);

	want.ecx = VMWARE_MAX_LAG_US;
	want.edi = 2500;
	expect(run(VMWARE_GETTIMEFULL_WITH_LAG), want);

	want = ask(VMWARE_GETTIME, 0x51515151, 0xd1d1d1d1);
	want.eax = 7;
	want.ebx = 123456;
	want.ecx = VMWARE_MAX_LAG_US + 2500;
	expect(run(VMWARE_GETTIME), want);
}

static void a_lag_saturates(void **state)
{
	struct vmware_env late = env;
	struct vmware_regs r = ask(VMWARE_GETTIMEFULL, 0, 0);

	(void)state;
	late.tick_lag_ns = UINT64_MAX;
	(void)vmware_command(&late, &r);
	assert_true(r.ecx == UINT32_MAX);
	r = ask(VMWARE_GETTIMEFULL_WITH_LAG, 0, 0);
	(void)vmware_command(&late, &r);
	assert_true(r.edi == UINT32_MAX && r.ecx == VMWARE_MAX_LAG_US);
}

static void catching_up_ends(void **state)
{
	struct vmware_regs r = ask(VMWARE_STOPCATCHUP, 1, 2);

	(void)state;
	assert_int_equal(vmware_command(&env, &r).effect, VMWARE_DROP_BACKLOG);
	expect(r, ask(VMWARE_STOPCATCHUP, 1, 2));
}

static void steal_clock(void **state)
{
	struct vmware_regs r = ask(VMWARE_STEALCLOCK, 0, VMWARE_STEAL_OFF), want = r;

	(void)state;
	assert_int_equal(vmware_command(&env, &r).effect, VMWARE_STEAL_STOP);
	want.eax = VMWARE_STEAL_DISABLED;
	expect(r, want);

	r = want = ask(VMWARE_STEALCLOCK, 0x12, 0x34567840);
	struct vmware_outcome outcome = vmware_command(&env, &r);

	assert_int_equal(outcome.effect, VMWARE_STEAL_START);
	assert_true(outcome.steal_at.v == 0x1234567840);
	want.eax = VMWARE_STEAL_ENABLED;
	expect(r, want);

	/* Every other alignment, among them "off" with an address above. */
	for (u32 low = 1; low < VMWARE_STEAL_BYTES; low++) {
		r = want = ask(VMWARE_STEALCLOCK, 1, low);
		assert_int_equal(vmware_command(&env, &r).effect, VMWARE_NOTHING);
		want.eax = VMWARE_STEAL_UNAVAILABLE;
		expect(r, want);
	}
}

static bool known(u32 command)
{
	static const u8 all[] = {1, 10, 23, 24, 45, 46, 55, 68, 91};

	return command < VMWARE_COMMANDS && memchr(all, (int)command, sizeof(all)) != NULL;
}

static void unknown_commands(void **state)
{
	(void)state;
	for (u32 command = 0; command <= 0xffff; command++) {
		struct vmware_regs r = ask(command, 0, 0), want = r;

		if (known(command)) {
			assert_int_equal(vmware_command_privileged(command), command == 91);
			continue;
		}
		assert_true(vmware_command_privileged(command));
		assert_int_equal(vmware_command(&env, &r).effect, VMWARE_NOTHING);
		want.eax = 0xffffffff;
		expect(r, want);
	}
}

/* Callers leave anything in the half of ECX that the command does not use. */
static void the_upper_half_of_ecx_is_ignored(void **state)
{
	struct vmware_regs r = ask(0xabcd0000 | VMWARE_GETMHZ, 0, 0);

	(void)state;
	(void)vmware_command(&env, &r);
	assert_int_equal(r.eax, 2912);
	assert_true(r.ecx == (0xabcd0000 | VMWARE_GETMHZ));
	assert_false(vmware_command_privileged(0xabcd0000 | VMWARE_GETMHZ));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_and_rates),
		cmocka_unit_test(a_rate_above_32_bits),
		cmocka_unit_test(times),
		cmocka_unit_test(a_lag_saturates),
		cmocka_unit_test(catching_up_ends),
		cmocka_unit_test(steal_clock),
		cmocka_unit_test(unknown_commands),
		cmocka_unit_test(the_upper_half_of_ecx_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
