// SPDX-License-Identifier: GPL-2.0-only
/* Control sequences byte by byte (ECMA-48 5.4): ESC [, parameters, a final byte from 0x40 on. Pure.
 */
#include "kernel/drivers/escape.h"

#include "kernel/lib/string.h"

#define PARAMETER_MAX 9999u
#define ESC	      '\033'

/* The sequence is complete. */
static enum escape_action finish(struct escape *e, char final)
{
	e->state = 0;
	switch (final) {
	case 'H': /* 8.3.21 CUP: from 1; 0 and nothing are 1 */
		e->row = MAX(e->parameter[0], 1u) - 1;
		e->column = MAX(e->parameter[1], 1u) - 1;
		return ESCAPE_MOVE;
	case 'J': /* 8.3.39 ED */
		return e->parameter[0] == 2 ? ESCAPE_ERASE_SCREEN : ESCAPE_NONE;
	case 'K': /* 8.3.41 EL */
		return e->parameter[0] == 0 ? ESCAPE_ERASE_LINE : ESCAPE_NONE;
	default:
		return ESCAPE_NONE;
	}
}

static enum escape_action parameter_feed(struct escape *e, char byte)
{
	u32 *p = &e->parameter[MIN(e->count, 1u)];

	if (byte >= '0' && byte <= '9') {
		*p = MIN(*p * 10 + (u32)(byte - '0'), PARAMETER_MAX);
	} else if (byte == ';') {
		e->count = 1;
	} else if (byte >= 0x40 && byte <= 0x7e) {
		return finish(e, byte);
	} else if (byte < ' ') { /* a control character ends what cannot be a sequence */
		e->state = 0;
		return ESCAPE_TEXT;
	}
	return ESCAPE_NONE;
}

enum escape_action escape_feed(struct escape *e, char byte)
{
	if (byte == ESC) {
		memset(e, 0, sizeof(*e));
		e->state = 1;
		return ESCAPE_NONE;
	}
	if (e->state == 0) {
		return ESCAPE_TEXT;
	}
	if (e->state == 1) {
		e->state = byte == '[' ? 2 : 0;
		return ESCAPE_NONE;
	}
	return parameter_feed(e, byte);
}
