/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text on the linear framebuffer that firmware set up: a scrolling grid of characters, no cursor
 * addressing, no colours. Caller serialises (console.c).
 */
#ifndef KERNEL_DRIVERS_FRAMEBUFFER_H
#define KERNEL_DRIVERS_FRAMEBUFFER_H

#include "boot/boot_info.h"

/* Takes the framebuffer over and clears it; false when there is none that can be used. One above
 * the first 4 GiB, which is all that is mapped this early, shows nothing before
 * framebuffer_remap(). */
bool framebuffer_init(const struct boot_framebuffer *fb);

/* Moves to a mapping that outlives the boot page tables, and draws what was not drawn yet; NULL:
 * there is none, stop drawing. */
void framebuffer_remap(void *va);

void framebuffer_write(const char *text, size_t len);

#endif
