// SPDX-License-Identifier: GPL-2.0-only
/*
 * All consoles as one. The table names each kind of output; console= on the command line picks.
 * Lock: `console` (below all others) keeps lines whole.
 */
#include "kernel/drivers/console.h"
#include "kernel/cmdline.h"
#include "kernel/drivers/debugcon.h"
#include "kernel/drivers/framebuffer.h"
#include "kernel/drivers/uart.h"
#include "kernel/lib/string.h"
#include "kernel/lock.h"

#define BAUD_DEFAULT 115200u

static struct spinlock console_lock;
static bool first_column = true; /* [console] nothing stands in the present line */

static bool com1_open(const struct boot_info *info)
{
	return uart_init(UART_COM1,
			 (u32)cmdline_get_u64(info->cmdline, "baud", BAUD_DEFAULT, NULL));
}

static bool com2_open(const struct boot_info *info)
{
	return uart_init(UART_COM2,
			 (u32)cmdline_get_u64(info->cmdline, "baud", BAUD_DEFAULT, NULL));
}

static bool debugcon_open(const struct boot_info *info)
{
	(void)info;
	return true;
}

static bool framebuffer_open(const struct boot_info *info)
{
	return framebuffer_init(&info->framebuffer);
}

static void com1_write(const char *text, size_t len)
{
	uart_write(UART_COM1, text, len);
}

static void com2_write(const char *text, size_t len)
{
	uart_write(UART_COM2, text, len);
}

static struct console {
	const char *name;
	bool (*open)(const struct boot_info *info);
	void (*write)(const char *text, size_t len);
	bool terminal; /* wants \r\n */
	bool is_default;
	bool is_open;
} consoles[] = {
	/* serial ports first, in the order of enum uart_port */
	/* clang-format off */
	{"com1", com1_open, com1_write, true, true, false},
	{"com2", com2_open, com2_write, true, false, false},
	{"fb", framebuffer_open, framebuffer_write, false, true, false},
	{"debugcon", debugcon_open, debugcon_write, false, false, false},
	/* clang-format on */
};

static struct console *current; /* under the console lock, or the panic's */

void console_init(const struct boot_info *info)
{
	char list[64];
	bool any = false;
	bool given = cmdline_get(info->cmdline, "console", list, sizeof(list));

	for (size_t i = 0; i < ARRAY_SIZE(consoles); i++) {
		struct console *c = &consoles[i];
		bool wanted =
			given ? cmdline_has_item(info->cmdline, "console", c->name) : c->is_default;

		c->is_open = wanted && c->open(info);
		any = any || wanted;
	}
	if (!any && strcmp(list, "none") != 0) { /* no name that is known: better heard than mute */
		consoles[0].is_open = consoles[0].open(info);
	}
}

static void write_terminal(const struct console *c, const char *text, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline != NULL ? (size_t)(newline - text) : len;

		c->write(text, n);
		if (newline == NULL) {
			return;
		}
		c->write("\r\n", 2);
		text += n + 1;
		len -= n + 1;
	}
}

void console_write_unlocked(const char *text, size_t len)
{
	if (len == 0) {
		return;
	}
	first_column = text[len - 1] == '\n' || text[len - 1] == '\r';
	for (size_t i = 0; i < ARRAY_SIZE(consoles); i++) {
		struct console *c = &consoles[i];

		current = c;
		if (c->is_open && c->terminal) {
			write_terminal(c, text, len);
		} else if (c->is_open) {
			c->write(text, len);
		}
	}
	current = NULL;
}

void console_flush(void)
{
	for (size_t i = 0; i < UART_PORTS; i++) {
		if (consoles[i].is_open) {
			uart_flush((enum uart_port)i);
		}
	}
}

void console_close_current(void)
{
	if (current != NULL) {
		current->is_open = false;
	}
}

void console_write(const char *text, size_t len)
{
	spin_lock(&console_lock);
	console_write_unlocked(text, len);
	spin_unlock(&console_lock);
}

void console_write_line(const char *line, size_t len)
{
	spin_lock(&console_lock);
	if (!first_column) {
		console_write_unlocked("\n", 1);
	}
	console_write_unlocked(line, len);
	spin_unlock(&console_lock);
}

int console_getc(void)
{
	return consoles[0].is_open ? uart_getc() : -1;
}
