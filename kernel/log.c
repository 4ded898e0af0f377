// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log ring and its way to the consoles. A line is made in a buffer on the stack, then written whole
 * under one lock (`log`), so that lines of several pCPUs never mix.
 */
#include "kernel/log.h"
#include "arch/arch.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/ring.h"
#include "kernel/lock.h"

#define LOG_RING_SIZE 65536u
#define LOG_LINE_MAX  512u

static struct spinlock log_lock;
static u8 log_data[LOG_RING_SIZE];
static struct ring log_ring = {.data = log_data, .size = LOG_RING_SIZE};
static enum log_level console_level = LOG_INFO;

static const char *const level_text[] = {"error: ", "warning: ", "", ""};

void log_set_console_level(enum log_level level)
{
	console_level = level;
}

/* Makes "[ 1.234567] text\n"; returns its length. */
static size_t format_line(char *line, enum log_level level, const char *fmt, va_list ap)
{
	u64 now_us = arch_now_ns() / NSEC_PER_USEC;
	const size_t size = LOG_LINE_MAX - 1; /* room for the newline */
	size_t n = (size_t)fmt_print(line, size, "[%5llu.%06llu] %s",
				     (unsigned long long)(now_us / 1000000),
				     (unsigned long long)(now_us % 1000000), level_text[level]);

	n += MIN((size_t)fmt_vprint(line + n, size - n, fmt, ap), size - n - 1);
	line[n++] = '\n';
	return n;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	size_t n = format_line(line, level, fmt, ap);
	va_end(ap);

	spin_lock(&log_lock);
	ring_write(&log_ring, line, n);
	if (level <= console_level) {
		console_write_line(line, n);
	}
	spin_unlock(&log_lock);
}

void log_emergency(const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	size_t n = format_line(line, LOG_INFO, fmt, ap);
	va_end(ap);
	console_write_unlocked(line, n);
}

size_t log_read(u64 *cursor, char *buf, size_t size)
{
	spin_lock(&log_lock);
	size_t n = ring_read_at(&log_ring, cursor, buf, size);
	spin_unlock(&log_lock);
	return n;
}

size_t log_read_tail(char *buf, size_t size)
{
	u64 cursor = log_ring.head - MIN((u64)ring_used(&log_ring), (u64)size);
	bool whole = cursor == log_ring.tail;
	size_t n = ring_read_at(&log_ring, &cursor, buf, size);
	const char *newline = memchr(buf, '\n', n);

	if (whole || newline == NULL) {
		return n;
	}
	/* What was cut off at the beginning is no line. */
	size_t skip = (size_t)(newline + 1 - buf);

	memmove(buf, buf + skip, n - skip);
	return n - skip;
}
