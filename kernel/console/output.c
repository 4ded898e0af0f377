// SPDX-License-Identifier: GPL-2.0-only
/*
 * The monitor's output queue. A real serial port sends 11 bytes in a millisecond: commands write
 * into a ring at once, and each poll sends for a bounded time. pCPU 0 only, no locks.
 */
#include "arch/arch.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/ring.h"
#include "kernel/lib/string.h"
#include "kernel/params.h"
#include "mm/frames.h"

/* The longest line there is: a VM in the list, with why it ended. */
#define OUTPUT_PRINT_MAX 384

static struct {
	struct ring ring;
	u64 lost_bytes;
} output;

int output_init(void)
{
	void *buffer = pages_alloc(MONITOR_OUTPUT_BYTES);

	if (buffer == NULL) {
		return ERR_NOMEM;
	}
	ring_init(&output.ring, buffer, MONITOR_OUTPUT_BYTES);
	return 0;
}

void output_write(const char *text, size_t size)
{
	output.lost_bytes += size - ring_offer(&output.ring, text, size);
}

void output_print(const char *fmt, ...)
{
	char text[OUTPUT_PRINT_MAX];
	va_list ap;

	va_start(ap, fmt);
	size_t n = (size_t)fmt_vprint(text, sizeof(text), fmt, ap);

	va_end(ap);
	output_write(text, MIN(n, sizeof(text) - 1));
}

u32 output_room(void)
{
	return ring_free(&output.ring);
}

static void lost_tell(void)
{
	char text[64];
	int n = fmt_print(text, sizeof(text), "\n[%llu bytes of output lost]\n",
			  (unsigned long long)output.lost_bytes);

	output.lost_bytes = 0;
	console_write(text, (size_t)n);
}

/* Takes the queue's next line, or what there is of it: written in one piece, so that a log line of
 * another pCPU does not come in between. */
static size_t line_take(char line[MONITOR_OUTPUT_PIECE])
{
	u64 at = output.ring.tail;
	size_t n = ring_read_at(&output.ring, &at, line, MONITOR_OUTPUT_PIECE);
	const char *end = memchr(line, '\n', n);

	n = end != NULL ? (size_t)(end - line) + 1 : n;
	output.ring.tail += n;
	return n;
}

bool output_drain(void)
{
	u64 until_ns = arch_now_ns() + MONITOR_OUTPUT_NS;
	char line[MONITOR_OUTPUT_PIECE];
	size_t n = line_take(line);

	if (n == 0) {
		return false;
	}
	while (n != 0) {
		console_write(line, n);
		n = arch_now_ns() < until_ns ? line_take(line) : 0;
	}
	if (output.lost_bytes != 0 && ring_used(&output.ring) == 0) {
		lost_tell();
	}
	return true;
}
