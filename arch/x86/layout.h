/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's address space, one PML4 entry (512 GiB) or more each; nothing else is mapped
 * once the boot page tables are left behind.
 *
 *   0xffff800000000000  direct map of all RAM: RW NX (the image's code and constants: R NX)
 *   0xffffc00000000000  stacks with guard pages: RW NX
 *   0xffffc80000000000  devices and firmware tables, mapped on request: NX
 *   0xffffffff80000000  the image: code RX, constants R NX, data RW NX
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/arch.h"

#define LAYOUT_DIRECT_MAP_SIZE (BIT(47) / 2) /* 64 TiB */
#define LAYOUT_STACKS_BASE     0xffffc00000000000ul
#define LAYOUT_WINDOW_BASE     0xffffc80000000000ul
#define LAYOUT_WINDOW_SIZE     GIB(64)
#define LAYOUT_IMAGE_BASE      0xffffffff80000000ul

static_assert(ARCH_DIRECT_MAP_BASE + LAYOUT_DIRECT_MAP_SIZE <= LAYOUT_STACKS_BASE, "direct map");

#endif
