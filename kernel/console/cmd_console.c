// SPDX-License-Identifier: GPL-2.0-only
/*
 * console NAME | all | off: guests' serial consoles. Attached to one, its output appears as it is
 * and what is typed goes to it; `all` shows the output of all line by line beside the monitor. pCPU
 * 0 only.
 */
#include "arch/arch.h"
#include "kernel/console/guest_text.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/lib/ring.h"
#include "kernel/lib/string.h"
#include "kernel/params.h"
#include "kernel/vm.h"
#include "mm/frames.h"

/* Bytes moved from a guest's ring at a time. */
#define CHUNK 256u

static struct {
	struct vm *vm; /* NULL: none */
	u64 cursor;
	bool escaped;
	u8 typed_data[64];
	struct ring typed;   /* for typed_vm, which takes at most a FIFO full at a time */
	struct vm *typed_vm; /* still given what was typed when the operator has left */
} attach;

/* What `console all` knows of each VM. */
struct follow {
	u64 cursor;
	u64 touched_ns; /* when the line got its last byte */
	struct guest_line line;
};

static struct {
	struct follow *follows; /* vm_count() of them; NULL: off */
	u32 count;
} show_all;

/* Reads what the guest sent since; asks to be woken for more when there is nothing. A guest that
 * was faster than the console loses its past: *skipped. */
static u32 guest_read(struct vm *vm, u64 *cursor, u8 *to, u32 size, u64 *skipped)
{
	u64 before = *cursor;
	u32 n = vm_console_read(&vm->console, cursor, to, size);

	*skipped = *cursor - before - n;
	if (n == 0) {
		vm_console_watch(&vm->console);
		n = vm_console_read(&vm->console, cursor, to, size);
	}
	return n;
}

/* --- attached to one -------------------------------------------------------------------------- */

bool attach_active(void)
{
	return attach.vm != NULL;
}

static void detach(void)
{
	output_print("\n[left %s]\n", attach.vm->config.name);
	attach.vm = NULL;
}

void attach_input(u8 byte)
{
	switch (attach_key_feed(&attach.escaped, byte)) {
	case ATTACH_SEND:
		(void)ring_offer(&attach.typed, &byte, 1);
		break;
	case ATTACH_LEAVE:
		detach();
		break;
	case ATTACH_HOLD:
		break;
	}
}

/* Gives the guest what it takes of the typed bytes. True: more wait. */
static bool typed_push(void)
{
	u8 bytes[sizeof(attach.typed_data)];
	u64 at = attach.typed.tail;
	u32 n = (u32)ring_read_at(&attach.typed, &at, bytes, sizeof(bytes));

	/* A VM that is off or being taken down has no UART. */
	if (n == 0 || attach.typed_vm->state != VM_RUNNING) {
		return false;
	}
	attach.typed.tail += platform_uart_input(&attach.typed_vm->platform, bytes, n);
	return ring_used(&attach.typed) != 0;
}

bool attach_poll(void)
{
	u8 bytes[CHUNK];
	bool busy = typed_push();
	u64 skipped;
	u32 n;

	if (attach.vm == NULL) {
		return busy;
	}
	while (output_room() > 2 * CHUNK &&
	       (n = guest_read(attach.vm, &attach.cursor, bytes, CHUNK, &skipped)) != 0) {
		if (skipped != 0) {
			output_print("\n[%llu bytes skipped]\n", (unsigned long long)skipped);
		}
		output_write((const char *)bytes, n);
		busy = true;
	}
	return busy;
}

/* The tail of what is kept, from the start of a line on. */
static u64 replay_start(struct vm *vm)
{
	u64 head = vm_console_head(&vm->console), tail = vm_console_tail(&vm->console);
	u64 start = head - MIN(head - tail, (u64)MONITOR_REPLAY_BYTES), at = start;
	u8 bytes[CHUNK];
	u32 n = start != tail ? vm_console_read(&vm->console, &at, bytes, sizeof(bytes)) : 0;
	const u8 *newline = memchr(bytes, '\n', n);

	return newline != NULL ? start + (u64)(newline + 1 - bytes) : start;
}

static void console_attach_run(u32 argc, const char *const *argv)
{
	struct vm *vm = monitor_vm(argv[0]);

	(void)argc;
	if (vm == NULL) {
		return;
	}
	attach.vm = vm;
	attach.typed_vm = vm;
	attach.cursor = replay_start(vm);
	attach.escaped = false;
	ring_init(&attach.typed, attach.typed_data, sizeof(attach.typed_data));
	output_print("[%s, which is %s: Ctrl-] then . leaves]\n", vm->config.name,
		     vm_state_name(vm->state));
}

/* --- all -------------------------------------------------------------------------------------- */

static void line_show(const struct vm *vm, struct guest_line *line)
{
	prompt_hide();
	output_print("%s| %.*s\n", vm->config.name, (int)line->length, line->text);
	guest_line_clear(line);
}

static void bytes_show(const struct vm *vm, struct follow *f, const u8 *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (guest_line_feed(&f->line, bytes[i])) {
			line_show(vm, &f->line);
		}
	}
	f->touched_ns = arch_now_ns();
}

/* A line without an end, a guest's prompt, is shown when nothing follows for a while. */
static void rest_show(const struct vm *vm, struct follow *f)
{
	u64 due_ns = f->touched_ns + MONITOR_QUIET_NS;

	if (f->line.length == 0) {
		return;
	}
	if (arch_now_ns() >= due_ns) {
		line_show(vm, &f->line);
	} else {
		monitor_wake_at(due_ns);
	}
}

static bool follow_poll(struct vm *vm, struct follow *f)
{
	u8 bytes[CHUNK];
	u64 skipped;

	/* Of many VMs most are quiet, and this is looked at whenever pCPU 0 does something else. */
	if (f->line.length == 0 && vm_console_is_quiet(&vm->console, f->cursor)) {
		return false;
	}
	/* Each byte may become a line of its own. */
	const u32 room = CHUNK * (CONFIG_NAME_SIZE + 4);
	u32 n = output_room() > room ? guest_read(vm, &f->cursor, bytes, CHUNK, &skipped) : 0;

	if (n == 0) {
		rest_show(vm, f);
		return false;
	}
	bytes_show(vm, f, bytes, n);
	return true;
}

bool show_all_poll(void)
{
	bool busy = false;

	if (attach.vm != NULL || vmtop_active()) {
		return false; /* goes on where it was when the operator comes back */
	}
	for (u32 i = 0; i < show_all.count; i++) {
		busy |= follow_poll(vm_at(i), &show_all.follows[i]);
	}
	return busy;
}

static void console_all_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (show_all.follows != NULL || vm_count() == 0) {
		output_print(vm_count() == 0 ? "there are no VMs\n" : "it is shown already\n");
		return;
	}
	show_all.follows = pages_alloc(vm_count() * sizeof(*show_all.follows));
	if (show_all.follows == NULL) {
		output_print("out of machine memory\n");
		return;
	}
	show_all.count = vm_count();
	for (u32 i = 0; i < show_all.count; i++) {
		show_all.follows[i] =
			(struct follow){.cursor = vm_console_head(&vm_at(i)->console)};
	}
	output_print("showing the consoles of all VMs: \"console off\" ends it\n");
}

static void console_off_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (show_all.follows == NULL) {
		output_print("no consoles are shown\n");
		return;
	}
	pages_free(show_all.follows, show_all.count * sizeof(*show_all.follows));
	show_all.follows = NULL;
	show_all.count = 0;
}

/* clang-format off */
static const struct command commands[] = {
	{"console", NULL, "NAME", 1, 1, console_attach_run,
	 "attach to a VM's serial console; Ctrl-] then . leaves"},
	{"console", "all", "", 0, 0, console_all_run,
	 "show what all VMs write from now on, with their names before it"},
	{"console", "off", "", 0, 0, console_off_run, "end that"},
};
/* clang-format on */

const struct command_set console_commands = {commands, ARRAY_SIZE(commands)};
