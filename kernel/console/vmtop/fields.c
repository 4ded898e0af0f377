// SPDX-License-Identifier: GPL-2.0-only
/* The tables of columns. Order, headings and meaning are esxtop's. Pure. */
#include "kernel/console/vmtop/fields.h"
#include "kernel/lib/fmt.h"

#define NAME_WIDTH 16

/* clang-format off */
static const struct top_field cpu_fields[] = {
	{"ID", TOP_ID, TOP_NUMBER, 5, 12, 0, TOP_OF_ALL, NULL, "number of the world, or of the group"},
	{"GID", TOP_GID, TOP_NUMBER, 4, 6, 0, TOP_OF_ALL, NULL, "number of its group (VM)"},
	{"NAME", TOP_VALUES, TOP_TEXT, NAME_WIDTH, 0, 0, TOP_OF_ALL, NULL, "VM, or VM/vCPU"},
	{"NWLD", TOP_NWLD, TOP_NUMBER, 4, 10, 0, TOP_OF_GROUPS, "Members", "worlds in the group"},
	{"%USED", TOP_USED, TOP_HUNDREDTHS, 6, 1, 'U', TOP_OF_ALL, "% Used", "CPU time used: %RUN + %SYS - %OVRLP"},
	{"%RUN", TOP_RUN, TOP_HUNDREDTHS, 6, 2, 0, TOP_OF_ALL, "% Run", "scheduled on a pCPU"},
	{"%SYS", TOP_SYS, TOP_HUNDREDTHS, 6, 11, 0, TOP_OF_ALL, "% System", "the hypervisor worked for it elsewhere"},
	{"%WAIT", TOP_WAIT, TOP_HUNDREDTHS, 6, 5, 0, TOP_OF_ALL, "% Wait", "had nothing to do, or waited for something"},
	{"%VMWAIT", TOP_VMWAIT, TOP_HUNDREDTHS, 7, 15, 0, TOP_OF_ALL, "% VmWait", "%WAIT without %IDLE"},
	{"%RDY", TOP_RDY, TOP_HUNDREDTHS, 6, 3, 'R', TOP_OF_ALL, "% Ready", "wanted a pCPU and had none; with %MLMTD"},
	{"%IDLE", TOP_IDLE, TOP_HUNDREDTHS, 6, 9, 0, TOP_OF_ALL, "% Idle", "halted by the guest"},
	{"%OVRLP", TOP_OVRLP, TOP_HUNDREDTHS, 6, 14, 0, TOP_OF_ALL, "% Overlap", "the hypervisor worked for others meanwhile"},
	{"%CSTP", TOP_CSTP, TOP_HUNDREDTHS, 6, 4, 0, TOP_OF_ALL, "% CoStop", "stopped to let its siblings catch up"},
	{"%MLMTD", TOP_MLMTD, TOP_HUNDREDTHS, 6, 8, 0, TOP_OF_ALL, "% Max Limited", "wanted a pCPU beyond its limit"},
	{"%SWPWT", TOP_SWPWT, TOP_HUNDREDTHS, 6, 13, 0, TOP_OF_ALL, "% Swap Wait", "waited for swapped memory"},
	{"ASHRS", TOP_ASHRS, TOP_NUMBER, 7, 7, 0, TOP_OF_VMS, "Alloc Shares", "shares of the VM"},
	{"AMIN", TOP_AMIN, TOP_NUMBER, 6, 16, 0, TOP_OF_VMS, "Alloc Min", "reservation, MHz"},
	{"AMAX", TOP_AMAX, TOP_NUMBER, 6, 17, 0, TOP_OF_VMS, "Alloc Max", "limit, MHz; -1: none"},
};

static const struct top_field memory_fields[] = {
	{"GID", TOP_GID, TOP_NUMBER, 4, 5, 0, TOP_OF_VMS, NULL, "number of the VM"},
	{"NAME", TOP_VALUES, TOP_TEXT, NAME_WIDTH, 0, 0, TOP_OF_VMS, NULL, "VM"},
	{"MEMSZ", TOP_MEMSZ, TOP_HUNDREDTHS, 10, 1, 'M', TOP_OF_VMS, "Memory Size MBytes", "memory as the guest sees it, MB"},
	{"GRANT", TOP_GRANT, TOP_HUNDREDTHS, 10, 2, 'G', TOP_OF_VMS, "Memory Granted Size MBytes",
	 "of it, touched by the guest and backed by machine memory, MB"},
	{"OVHD", TOP_OVHD, TOP_HUNDREDTHS, 8, 3, 0, TOP_OF_VMS, "Overhead MBytes", "hypervisor memory for the VM, MB"},
	{"OVHDMAX", TOP_OVHDMAX, TOP_HUNDREDTHS, 8, 4, 0, TOP_OF_VMS, "Overhead Max MBytes", "the most that this may become, MB"},
};
/* clang-format on */

static_assert(ARRAY_SIZE(cpu_fields) <= TOP_FIELDS_MAX, "letters");
static_assert(ARRAY_SIZE(memory_fields) <= TOP_FIELDS_MAX, "letters");

const struct top_page_fields top_pages[TOP_PAGES] = {
	[TOP_PAGE_CPU] = {"Cpu", cpu_fields, ARRAY_SIZE(cpu_fields)},
	[TOP_PAGE_MEMORY] = {"Memory", memory_fields, ARRAY_SIZE(memory_fields)},
};

int top_value_print(char *buf, size_t size, enum top_format format, s64 value, u32 places)
{
	const char *sign = value < 0 ? "-" : "";
	u64 n = value < 0 ? -(u64)value : (u64)value;
	int length;

	if (format == TOP_NUMBER) {
		return fmt_print(buf, size, "%s%llu", sign, (unsigned long long)n);
	}
	length = fmt_print(buf, size, "%s%llu.%02llu", sign, (unsigned long long)(n / 100),
			   (unsigned long long)(n % 100));
	if (places == 0 || (u32)length <= places) {
		return length;
	}
	n = (n + 5) / 10;
	return fmt_print(buf, size, "%s%llu.%llu", sign, (unsigned long long)(n / 10),
			 (unsigned long long)(n % 10));
}
