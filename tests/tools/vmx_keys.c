// SPDX-License-Identifier: GPL-2.0-only
/* Prints the keys of VM files as a Markdown table, from the parser's own. `make vmx-keys`; host
 * program. */
#include <stdio.h>

#include "kernel/config.h"

int main(void)
{
	struct config_key_help help;
	bool later = false;

	puts("| key | value | default | meaning |\n|---|---|---|---|");
	for (u32 i = 0; config_key_describe(i, &help); i++) {
		printf("| `%s%s`%s | %s | %s | %s |\n", help.name, help.numbered ? "N" : "",
		       help.later ? " *" : "", help.expected,
		       help.fallback[0] != '\0' ? help.fallback : "-", help.help);
		later = later || help.later;
	}
	if (later) {
		puts("\n\\* checked, but not acted upon yet: other values than the default give a "
		     "notice.");
	}
	return 0;
}
