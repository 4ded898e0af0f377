// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/vmx/vmx_cr: MOV to CR0 and CR4 as the instruction does it. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_cr.h"
#include "kernel/lib/err.h"

static struct guest_state gs;
static bool load;

#define CR4_ALLOWED (0x3707ffull & ~(CR4_VMXE | CR4_SMXE))

#define PROTECTED   (CR0_PE | CR0_ET | CR0_NE)

static void start(u64 cr0, u64 cr4, u64 efer, u32 cs)
{
	gs = (struct guest_state){.cr0 = cr0, .cr4 = cr4, .efer = efer};
	gs.seg[SEG_CS].attr = cs;
	gs.seg[SEG_TR].attr = 0x8b;
	load = false;
}

static int cr0(u64 value)
{
	return vmx_cr0_write(&gs, value, &load);
}

static int cr4(u64 value)
{
	return vmx_cr4_write(&gs, CR4_ALLOWED, value, &load);
}

static void plain_bits(void **state)
{
	(void)state;
	start(CR0_ET | CR0_CD | CR0_NW, 0, 0, 0x9b);
	assert_int_equal(cr0(CR0_PE | CR0_NE), 0);
	assert_int_equal(gs.cr0, CR0_PE | CR0_NE | CR0_ET); /* ET cannot be cleared */
	assert_int_equal(cr0(0x7ffaffc0 | CR0_PE), 0);	    /* undefined bits are not kept */
	assert_int_equal(gs.cr0, CR0_PE | CR0_ET | CR0_NW | CR0_CD);
	assert_false(load);
}

static void combinations_that_fault(void **state)
{
	(void)state;
	start(PROTECTED, 0, 0, 0xc09b);
	assert_int_equal(cr0(CR0_PG), ERR_RANGE);
	assert_int_equal(cr0(PROTECTED | CR0_NW), ERR_RANGE);
	assert_int_equal(cr0(PROTECTED | BIT(32)), ERR_RANGE);
	assert_int_equal(gs.cr0, PROTECTED);
}

static void long_mode_begins_and_ends(void **state)
{
	(void)state;
	start(PROTECTED, CR4_PAE, EFER_LME, 0xc09b);
	assert_int_equal(cr0(PROTECTED | CR0_PG), 0);
	assert_int_equal(gs.efer, EFER_LME | EFER_LMA);
	assert_false(load); /* four levels, no page-directory pointers */
	assert_int_equal(cr0(PROTECTED), 0);
	assert_int_equal(gs.efer, EFER_LME);
}

static void long_mode_refused(void **state)
{
	(void)state;
	start(PROTECTED, 0, EFER_LME, 0xc09b);
	assert_int_equal(cr0(PROTECTED | CR0_PG), ERR_RANGE); /* without PAE */
	start(PROTECTED, CR4_PAE, EFER_LME, 0xa09b);
	assert_int_equal(cr0(PROTECTED | CR0_PG), ERR_RANGE); /* CS.L */
	start(PROTECTED, CR4_PAE, EFER_LME, 0xc09b);
	gs.seg[SEG_TR].attr = 0x83;
	assert_int_equal(cr0(PROTECTED | CR0_PG), ERR_RANGE); /* 16-bit TSS */
	start(PROTECTED | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, 0xa09b);
	assert_int_equal(cr0(PROTECTED), ERR_RANGE); /* paging off in 64-bit code */
	start(PROTECTED | CR0_PG, CR4_PAE | CR4_PCIDE, EFER_LME | EFER_LMA, 0xc09b);
	assert_int_equal(cr0(PROTECTED), ERR_RANGE); /* paging off with PCIDs */
}

static void caches_off_in_pae_paging(void **state)
{
	(void)state;
	start(PROTECTED | CR0_PG, CR4_PAE, 0, 0xc09b);
	assert_int_equal(cr0(PROTECTED | CR0_PG | CR0_CD), 0);
	assert_true(load);
	load = false;
	assert_int_equal(cr0(PROTECTED | CR0_PG | CR0_CD | CR0_WP), 0);
	assert_false(load);
	start(PROTECTED, CR4_PAE, 0, 0xc09b);
	assert_int_equal(cr0(PROTECTED | CR0_PG), 0);
	assert_true(load);
	assert_int_equal(gs.efer, 0);
}

static void cr4_bits(void **state)
{
	(void)state;
	start(PROTECTED, 0, 0, 0xc09b);
	assert_int_equal(cr4(CR4_MCE | CR4_PSE), 0);
	assert_int_equal(gs.cr4, CR4_MCE | CR4_PSE);
	assert_int_equal(cr4(CR4_VMXE), ERR_RANGE);
	assert_int_equal(cr4(BIT(31)), ERR_RANGE);
	assert_int_equal(cr4(CR4_PCIDE), ERR_RANGE);
	assert_int_equal(gs.cr4, CR4_MCE | CR4_PSE);
	assert_false(load);
}

static void cr4_in_long_mode(void **state)
{
	(void)state;
	start(PROTECTED | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, 0xa09b);
	assert_int_equal(cr4(CR4_MCE), ERR_RANGE); /* PAE must stay */
	assert_int_equal(cr4(CR4_PAE | CR4_MCE | CR4_PGE), 0);
	assert_false(load);
	gs.cr3 = 0x1001;
	assert_int_equal(cr4(CR4_PAE | CR4_PCIDE), ERR_RANGE);
	gs.cr3 = 0x1000;
	assert_int_equal(cr4(CR4_PAE | CR4_PCIDE), 0);
}

static void cr4_in_pae_paging(void **state)
{
	(void)state;
	start(PROTECTED | CR0_PG, CR4_PAE, 0, 0xc09b);
	assert_int_equal(cr4(CR4_PAE | CR4_MCE), 0);
	assert_false(load);
	assert_int_equal(cr4(CR4_PAE | CR4_MCE | CR4_PGE), 0);
	assert_true(load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bits),
		cmocka_unit_test(combinations_that_fault),
		cmocka_unit_test(long_mode_begins_and_ends),
		cmocka_unit_test(long_mode_refused),
		cmocka_unit_test(caches_off_in_pae_paging),
		cmocka_unit_test(cr4_bits),
		cmocka_unit_test(cr4_in_long_mode),
		cmocka_unit_test(cr4_in_pae_paging),
	};

	return cmocka_run_group_tests_name("vmx_cr", tests, NULL, NULL);
}
