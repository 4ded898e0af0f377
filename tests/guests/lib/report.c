// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing on COM1, the report protocol, the command line, the end of the run. One lock keeps lines
 * of several CPUs apart; it is taken for a line at a time and never in an interrupt handler that
 * could interrupt a holder.
 */
#include <stdarg.h>

#include "tests/guests/lib/guest.h"
#include "kernel/lib/string.h"

#define COM1		0x3f8
#define DEBUG_EXIT_PORT 0xf4
#define BOCHS_EXIT_PORT 0x8900
/* Reads of the line status register before a character is sent regardless. */
#define UART_PATIENCE	100000

static u32 passed, failed, skipped;
static u32 print_lock;
extern char boot_cmdline[256];

static void lock(void)
{
	while (__atomic_exchange_n(&print_lock, 1, __ATOMIC_ACQUIRE) != 0) {
		cpu_relax();
	}
}

static void unlock(void)
{
	__atomic_store_n(&print_lock, 0, __ATOMIC_RELEASE);
}

void print_init(void)
{
	outb(COM1 + 3, 0x83); /* 8N1, divisor latch */
	outb(COM1, 1);	      /* 115200 baud */
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 3);
	outb(COM1 + 2, 7);
}

static void put_char(char c)
{
	for (u32 i = 0; i < UART_PATIENCE && (inb(COM1 + 5) & 0x20) == 0; i++) {
		cpu_relax();
	}
	outb(COM1, (u8)c);
}

static void put_string(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			put_char('\r');
		}
		put_char(*s);
	}
}

struct out {
	char *buf;
	size_t size, len;
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size) {
		o->buf[o->len++] = c;
	}
}

static void out_number(struct out *o, u64 v, u32 base, u32 width, char pad, bool negative)
{
	char digits[24];
	u32 n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	if (negative) {
		digits[n++] = '-';
	}
	for (u32 i = n; i < width; i++) {
		out_char(o, pad);
	}
	while (n > 0) {
		out_char(o, digits[--n]);
	}
}

static void out_string(struct out *o, const char *s)
{
	while (*s != '\0') {
		out_char(o, *s++);
	}
}

/* %c %s %d %u %x, with 0-padding, width and l/ll: what the tests use. */
static const char *out_conversion(struct out *o, const char *f, va_list *ap)
{
	char pad = *f == '0' ? '0' : ' ';
	u32 width = 0;
	bool wide = false;
	u64 v;

	while (*f >= '0' && *f <= '9') {
		width = width * 10 + (u32)(*f++ - '0');
	}
	while (*f == 'l') {
		wide = true;
		f++;
	}
	switch (*f) {
	case 'c':
		out_char(o, (char)va_arg(*ap, int));
		break;
	case 's':
		out_string(o, va_arg(*ap, const char *));
		break;
	case 'd':
		v = wide ? va_arg(*ap, u64) : (u64)va_arg(*ap, int);
		out_number(o, (s64)v < 0 ? 0 - v : v, 10, width, pad, (s64)v < 0);
		break;
	case 'u':
	case 'x':
		v = wide ? va_arg(*ap, u64) : va_arg(*ap, u32);
		out_number(o, v, *f == 'x' ? 16 : 10, width, pad, false);
		break;
	default:
		out_char(o, *f);
	}
	return f + 1;
}

static size_t format_va(char *buf, size_t size, const char *fmt, va_list *ap)
{
	struct out o = {buf, size, 0};

	while (*fmt != '\0') {
		if (*fmt == '%') {
			fmt = out_conversion(&o, fmt + 1, ap);
		} else {
			out_char(&o, *fmt++);
		}
	}
	buf[o.len] = '\0';
	return o.len;
}

size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format_va(buf, size, fmt, &ap);
	va_end(ap);
	return n;
}

void print(const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	format_va(buf, sizeof(buf), fmt, &ap);
	va_end(ap);
	lock();
	put_string(buf);
	unlock();
}

static void report_line(const char *word, u32 *counter, const char *name, const char *fmt,
			va_list *ap)
{
	char text[200];

	format_va(text, sizeof(text), fmt, ap);
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	print("%s %s: %s\n", word, name, text);
}

bool report(bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_line(ok ? "PASS" : "FAIL", ok ? &passed : &failed, name, fmt, &ap);
	va_end(ap);
	return ok;
}

/* The text after `key=` on the command line, or NULL. */
static const char *cmdline_find(const char *key)
{
	size_t n = strlen(key);

	for (const char *p = boot_cmdline; *p != '\0'; p++) {
		if ((p == boot_cmdline || p[-1] == ' ') && strncmp(p, key, n) == 0 && p[n] == '=') {
			return p + n + 1;
		}
	}
	return NULL;
}

bool cmdline_word(const char *key, char *buf, size_t size)
{
	const char *p = cmdline_find(key);
	size_t n = 0;

	if (p == NULL) {
		return false;
	}
	while (p[n] != '\0' && p[n] != ' ' && n + 1 < size) {
		buf[n] = p[n];
		n++;
	}
	buf[n] = '\0';
	return true;
}

static bool cmdline_is(const char *key, const char *wanted)
{
	char word[16];

	return cmdline_word(key, word, sizeof(word)) && strcmp(word, wanted) == 0;
}

static bool report_excusable(bool ok, bool known, const char *name, const char *fmt, va_list *ap)
{
	if (!ok && known) {
		report_line("SKIP", &skipped, name, fmt, ap);
	} else {
		report_line(ok ? "PASS" : "FAIL", ok ? &passed : &failed, name, fmt, ap);
	}
	return ok;
}

bool report_tcg(bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_excusable(ok, cmdline_is("cpu", "tcg"), name, fmt, &ap);
	va_end(ap);
	return ok;
}

bool report_pc(bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_excusable(ok, cmdline_find("pc") != NULL, name, fmt, &ap);
	va_end(ap);
	return ok;
}

void report_skip(const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_line("SKIP", &skipped, name, fmt, &ap);
	va_end(ap);
}

void report_end(void)
{
	print("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	guest_exit(failed != 0 || passed + skipped == 0);
}

void guest_exit(u32 code)
{
	/* Let the UART send its last characters. */
	for (u32 i = 0; i < UART_PATIENCE && (inb(COM1 + 5) & 0x40) == 0; i++) {
		cpu_relax();
	}
	outl(DEBUG_EXIT_PORT, code);
	if (cmdline_is("emulator", "bochs")) {
		/* Status 0 by its debugger, 1 by the word. */
		for (const char *s = code == 0 ? "D" : "Shutdown"; *s != '\0'; s++) {
			outb(BOCHS_EXIT_PORT, (u8)*s);
		}
	}
	for (;;) {
		irq_disable();
		halt();
	}
}

u64 cmdline_number(const char *key, u64 otherwise)
{
	const char *p = cmdline_find(key);
	u64 v = 0;

	if (p == NULL) {
		return otherwise;
	}
	while (*p >= '0' && *p <= '9') {
		v = v * 10 + (u64)(*p++ - '0');
	}
	return v;
}

u64 random_next(u64 *state)
{
	u64 x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}
