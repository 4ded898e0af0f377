// SPDX-License-Identifier: GPL-2.0-only
/* Finds the command that a line means. Pure. */
#include "kernel/console/command.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

struct words {
	u32 count;
	const char *word[COMMAND_WORDS_MAX];
};

/* Ends the word at *at, in place, and moves *at behind it. False: a quote is not closed. */
static bool word_take(char **at)
{
	char *to = *at;
	char quote = '\0';

	for (; **at != '\0' && (quote != '\0' || **at != ' '); ++*at) {
		if (quote != '\0' ? **at == quote : **at == '"' || **at == '\'') {
			quote = quote != '\0' ? '\0' : **at;
		} else {
			*to++ = **at;
		}
	}
	if (**at != '\0') {
		++*at;
	}
	*to = '\0';
	return quote == '\0';
}

static int words_split(struct command_call *call, struct words *w)
{
	char *at = call->text;

	for (;;) {
		while (*at == ' ') {
			at++;
		}
		if (*at == '\0') {
			return 0;
		}
		if (w->count == COMMAND_WORDS_MAX) {
			fmt_print(call->error, sizeof(call->error), "more than %u words",
				  COMMAND_WORDS_MAX);
			return ERR_INVAL;
		}
		w->word[w->count++] = at;
		if (!word_take(&at)) {
			fmt_print(call->error, sizeof(call->error), "a quote is not closed");
			return ERR_INVAL;
		}
	}
}

static bool verb_matches(const struct command *c, const struct words *w)
{
	return c->verb != NULL && w->count > 1 && strcmp(c->verb, w->word[1]) == 0;
}

/* The command with noun and verb, else the one with the noun alone. */
static const struct command *command_find(const struct command_set *const *sets, u32 set_count,
					  const struct words *w)
{
	const struct command *plain = NULL;

	for (u32 s = 0; s < set_count; s++) {
		for (u32 i = 0; i < sets[s]->count; i++) {
			const struct command *c = &sets[s]->commands[i];

			if (strcmp(c->noun, w->word[0]) != 0) {
				continue;
			}
			if (verb_matches(c, w)) {
				return c;
			}
			if (c->verb == NULL) {
				plain = c;
			}
		}
	}
	return plain;
}

/* Says what could have followed the noun, or that there is no such noun. */
static void explain_unknown(const struct command_set *const *sets, u32 set_count,
			    const struct words *w, struct command_call *call)
{
	const size_t size = sizeof(call->error);
	size_t n = 0;

	for (u32 s = 0; s < set_count; s++) {
		for (u32 i = 0; i < sets[s]->count; i++) {
			const struct command *c = &sets[s]->commands[i];

			if (strcmp(c->noun, w->word[0]) == 0 && n < size) {
				n += (size_t)fmt_print(call->error + n, size - n,
						       n == 0 ? "%s: expected %s" : "%.0s, %s",
						       c->noun, c->verb);
			}
		}
	}
	if (n == 0) {
		fmt_print(call->error, size, "unknown command %.40s: \"help\" lists all",
			  w->word[0]);
	}
}

static void explain_usage(const struct command *c, struct command_call *call)
{
	fmt_print(call->error, sizeof(call->error), "usage: %s%s%s%s%s", c->noun,
		  c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
		  c->args[0] != '\0' ? " " : "", c->args);
}

int command_parse(const char *line, const struct command_set *const *sets, u32 set_count,
		  struct command_call *call)
{
	struct words w = {.count = 0};

	memset(call, 0, sizeof(*call));
	fmt_print(call->text, sizeof(call->text), "%s", line);
	int err = words_split(call, &w);

	if (err != 0 || w.count == 0) {
		return err;
	}
	const struct command *c = command_find(sets, set_count, &w);

	if (c == NULL) {
		explain_unknown(sets, set_count, &w, call);
		return ERR_INVAL;
	}
	u32 skip = c->verb != NULL ? 2 : 1;

	call->argc = w.count - skip;
	memcpy(call->argv, w.word + skip, call->argc * sizeof(w.word[0]));
	if (call->argc < c->args_min || call->argc > c->args_max) {
		explain_usage(c, call);
		return ERR_INVAL;
	}
	call->command = c;
	return 0;
}
