/* SPDX-License-Identifier: GPL-2.0-only */
/* The console font: printable ASCII, 5 x 8 dots drawn for this project. Pure data. */
#ifndef KERNEL_DRIVERS_FONT_H
#define KERNEL_DRIVERS_FONT_H

#include "kernel/lib/types.h"

#define FONT_FIRST	' '
#define FONT_LAST	'~'
#define FONT_WIDTH_DOTS 5
#define FONT_ROWS	8

/* Bit 4 of a row is its leftmost dot; the last row is below the base line. */
extern const u8 font_glyphs[FONT_LAST - FONT_FIRST + 1][FONT_ROWS];

#endif
