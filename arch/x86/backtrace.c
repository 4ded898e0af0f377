// SPDX-License-Identifier: GPL-2.0-only
/* Following frame pointers. A frame is trusted only where memory is surely mapped: in a known
 * stack. */
#include "arch/arch.h"
#include "arch/x86/stack.h"

u32 arch_backtrace(u64 frame, u64 *callers, u32 max)
{
	u32 count = 0;

	while (count < max && frame % 8 == 0 && stack_contains(frame, 16)) {
		const u64 *words = (const u64 *)(uintptr_t)frame;

		if (words[1] == 0) {
			break;
		}
		callers[count++] = words[1];
		if (words[0] <= frame) { /* stacks grow down: callers lie above */
			break;
		}
		frame = words[0];
	}
	return count;
}
