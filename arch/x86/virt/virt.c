// SPDX-License-Identifier: GPL-2.0-only
/* Which vendor's virtualisation this machine has, and what is said when it has none that can be
 * used. */
#include "arch/x86/virt/virt.h"

#include "arch/x86/cpu_features.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

const struct virt_ops *virt;
struct virt_caps virt_caps;

/* By the CPUID bit that promises it. */
static const struct {
	enum cpu_feature feature;
	const struct virt_ops *ops;
	const char *name;
} vendors[] = {
	{CPU_SVM, &svm_ops, "AMD-V"},
	{CPU_VMX, &vmx_ops, "VT-x"},
};

int virt_init(char *reason, size_t reason_len)
{
	for (u32 i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (!cpu_has(vendors[i].feature)) {
			continue;
		}
		int err = vendors[i].ops->probe(&virt_caps, reason, reason_len);

		if (err == 0) {
			virt = vendors[i].ops;
		}
		return err;
	}
	fmt_print(reason, reason_len, "this CPU offers neither AMD-V nor VT-x");
	return ERR_NODEV;
}
