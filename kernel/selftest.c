// SPDX-License-Identifier: GPL-2.0-only
/* See selftest.h. */
#include "kernel/selftest.h"
#include "arch/arch.h"
#include "kernel/cmdline.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

static void selftest_wx(void)
{
	*(volatile u8 *)(uintptr_t)&selftest_wx = 0;
}

static void selftest_nx(void)
{
	static u8 code[] = {0xc3};

	((void (*)(void))(uintptr_t)code)();
}

static void selftest_div(void)
{
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}

static void selftest_hang(void)
{
	for (;;) {
		arch_relax();
	}
}

static u32 use_stack(u32 depth)
{
	volatile u8 frame[512];

	frame[0] = (u8)depth;
	return depth == 0 ? 0 : use_stack(depth - 1) + frame[0];
}

static void selftest_stack(void)
{
	log_info("%u", use_stack(UINT32_MAX));
}

static void selftest_panic(void)
{
	panic("selftest=panic");
}

void selftest_run(const char *cmdline)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{"panic", selftest_panic}, {"hang", selftest_hang}, {"stack", selftest_stack},
		{"nx", selftest_nx},	   {"wx", selftest_wx},	    {"div", selftest_div},
	};
	char name[8];

	if (!cmdline_get(cmdline, "selftest", name, sizeof(name))) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strcmp(name, tests[i].name) == 0) {
			log_info("selftest: %s", name);
			tests[i].run();
			panic("selftest %s went unnoticed", name);
		}
	}
	log_warn("selftest=%s: no such test", name);
}
