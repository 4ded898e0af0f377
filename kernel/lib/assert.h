/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * assert() states an invariant of our own code and stays in release builds. It is no error
 * handling: nothing a guest or a file does may make one fail. Hypervisor: panic. Host: abort.
 */
#ifndef KERNEL_LIB_ASSERT_H
#define KERNEL_LIB_ASSERT_H

__attribute__((noreturn, cold)) void assert_failed(const char *expr, const char *file, int line);

#undef assert
#define assert(e) \
	do { \
		if (__builtin_expect(!(e), 0)) { \
			assert_failed(#e, __FILE__, __LINE__); \
		} \
	} while (0)

#endif
