// SPDX-License-Identifier: GPL-2.0-only
/* Bytes to and from guests' consoles. Pure. */
#include "kernel/console/guest_text.h"

enum attach_key attach_key_feed(bool *escaped, u8 byte)
{
	if (!*escaped) {
		*escaped = byte == ATTACH_ESCAPE;
		return *escaped ? ATTACH_HOLD : ATTACH_SEND;
	}
	*escaped = false;
	if (byte == '.') {
		return ATTACH_LEAVE;
	}
	return byte == ATTACH_ESCAPE ? ATTACH_SEND : ATTACH_HOLD;
}

/* Follows an escape sequence (ECMA-48 5.4: ESC [, parameters, a final byte from 0x40 on; else ESC
 * and one byte). True: the byte belongs to it. */
static bool escape_follow(struct guest_line *l, u8 byte)
{
	if (byte == 0x1b) {
		l->escape = 1;
		return true;
	}
	if (l->escape == 1) {
		l->escape = byte == '[' ? 2 : 0;
		return true;
	}
	if (l->escape == 2) {
		/* A control character ends what cannot be a sequence. */
		l->escape = byte >= ' ' && byte < 0x40 ? 2 : 0;
		return byte >= ' ';
	}
	return false;
}

bool guest_line_feed(struct guest_line *l, u8 byte)
{
	if (escape_follow(l, byte)) {
		return false;
	}
	if (byte == '\n') {
		return true;
	}
	if ((byte >= ' ' && byte <= '~') || byte == '\t') {
		l->text[l->length++] = byte == '\t' ? ' ' : (char)byte;
	}
	return l->length == GUEST_LINE_MAX;
}
