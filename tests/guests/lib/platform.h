/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rest of the PC that test guests use: ACPI tables, memory, PIC pair (8259A), PIT (8254), PM timer, PCI
 * configuration, and the clock derived from them.
 */
#ifndef TESTS_GUESTS_LIB_PLATFORM_H
#define TESTS_GUESTS_LIB_PLATFORM_H

#include "tests/guests/lib/guest.h"

/* --- ACPI ------------------------------------------------------------------------------------- */

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} packed_struct;

/* The table with this signature, its checksum verified; NULL when there is none. "DSDT" works too. */
const struct acpi_header *acpi_find(const char *signature);
u32 acpi_pm_timer_port(void); /* 0: none */
u32 acpi_pm1a_control_port(void);
/* SLP_TYP value of the S5 package, or -1. */
int acpi_s5_type(void);

/* --- memory ----------------------------------------------------------------------------------- */

/* End of the RAM that starts at 1 MiB. */
u64 ram_top(void);
/* Calls fn for each usable range of the Multiboot memory map. */
void ram_for_each(void (*fn)(u64 base, u64 size, void *arg), void *arg);
/* `n` zeroed pages behind the image, physically contiguous, never freed. */
void *page_alloc(u32 n);
/* First RAM that page_alloc() has not given out. */
u64 page_free_base(void);

#define PTE_P  BIT(0)
#define PTE_W  BIT(1)
#define PTE_U  BIT(2)
#define PTE_A  BIT(5)
#define PTE_D  BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

/* Virtual addresses outside the one-to-one mapping, for page_map(). */
#define MAP_WINDOW 0x8000000000ull

/* The page-table entry (4 KiB level) for `va`, built on demand; only for addresses >= MAP_WINDOW. */
u64 *page_entry(u64 va);
/* Maps one 4 KiB page; flags 0 unmaps. */
void page_map(u64 va, u64 pa, u64 flags);

/* --- PIC, PIT, PM timer, PCI ------------------------------------------------------------------ */

#define PIT_HZ      1193182u
#define PM_TIMER_HZ 3579545u

/* Initialises both PICs (vectors `base`.. and `base`+8..), everything masked. */
void pic_init(u8 base);
void pic_mask(u16 mask);
void pic_eoi(u32 irq);

void pit_mode(u32 channel, u32 mode, u16 count);
u16 pit_read(u32 channel);
u32 pm_timer(void);

u32 pci_read32(u32 bdf, u32 reg);
void pci_write32(u32 bdf, u32 reg, u32 value);

/* --- clock ------------------------------------------------------------------------------------ */

/* TSC ticks per millisecond, measured at start against the PM timer or else the PIT. */
u64 clock_tsc_khz(void);
void clock_init(void);
void clock_delay_us(u64 us);
/* The TSC at which read(arg) gave *value: of several tries the quickest, since a CPU that is taken away between two
 * reads spoils the pair. */
u64 clock_pair(u32 (*read)(u32 arg), u32 arg, u32 *value);

#endif
