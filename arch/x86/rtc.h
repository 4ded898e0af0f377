/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's calendar clock; the result is arch_boot_wallclock_s(). */
#ifndef ARCH_X86_RTC_H
#define ARCH_X86_RTC_H

/* Reads the clock. Bootstrap pCPU, once. */
void rtc_init(void);

#endif
