/* SPDX-License-Identifier: GPL-2.0-only */
/* What entry.asm calls once long mode is on. */
#ifndef BOOT_START_H
#define BOOT_START_H

#include "kernel/lib/types.h"

/* `magic` says what lies at physical address info_base (see entry.asm); the image lies
 * `displacement` above its linked physical address. Does not return. */
void boot_main(u32 magic, u32 info_base, u64 displacement);

#endif
