// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/vmx/vmx_check: what VM entry asks of a guest state. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_check.h"
#include "kernel/lib/err.h"

static struct guest_state gs;
static const struct guest_limits limits = {
	.cr4 = 0x3707ff & ~(CR4_VMXE | CR4_SMXE),
	.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
	.phys_mask = BIT(40) - 1,
	.linear_bits = 48,
};

static void segments_fill(u32 cs, u32 data, u32 limit)
{
	for (u32 i = 0; i < SEG_LDTR; i++) {
		gs.seg[i] = (struct virt_segment){.attr = i == SEG_CS ? cs : data, .limit = limit};
	}
	gs.seg[SEG_LDTR] = (struct virt_segment){.attr = 0x82, .limit = 0xffff};
	gs.seg[SEG_TR] = (struct virt_segment){.attr = 0x8b, .limit = 0x67};
}

static int setup_real(void **state)
{
	(void)state;
	memset(&gs, 0, sizeof(gs));
	gs.rip = 0xfff0;
	gs.rflags = 2;
	gs.cr0 = CR0_ET | CR0_CD | CR0_NW;
	gs.pat = 0x0007040600070406;
	segments_fill(0x9b, 0x93, 0xffff);
	gs.seg[SEG_CS].selector = 0xf000;
	gs.seg[SEG_CS].base = 0xffff0000;
	return 0;
}

static int setup_long(void **state)
{
	setup_real(state);
	gs.cr0 = CR0_PE | CR0_PG | CR0_NE | CR0_ET;
	gs.cr4 = CR4_PAE;
	gs.efer = EFER_LME | EFER_LMA;
	gs.rip = 0xffffffff81000000;
	segments_fill(0xa09b, 0xc093, 0xffffffff);
	return 0;
}

static int check(u32 mask)
{
	return vmx_check_state(&limits, mask, &gs);
}

static void good_states(void **state)
{
	setup_real(state);
	assert_int_equal(check(GS_ALL), 0);
	setup_long(state);
	assert_int_equal(check(GS_ALL), 0);
	/* Null data segments and a null SS, as 64-bit code may have them. */
	gs.seg[SEG_DS].attr = gs.seg[SEG_SS].attr = SEG_ATTR_UNUSABLE;
	gs.seg[SEG_LDTR].attr = SEG_ATTR_UNUSABLE;
	assert_int_equal(check(GS_ALL), 0);
}

/* One thing wrong at a time. */
#define REFUSED(mask, what)                                                                        \
	do {                                                                                       \
		setup_long(NULL);                                                                  \
		what;                                                                              \
		assert_int_equal(check(mask), ERR_INVAL);                                          \
	} while (0)

static void bad_segments(void **state)
{
	(void)state;
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr = 0xc0f3); /* data, and DPL 3 */
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr = 0xa01b); /* not present */
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr = 0xa08b); /* system */
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr = 0xa0fb); /* DPL 3, CPL 0 */
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr |= SEG_ATTR_UNUSABLE);
	REFUSED(GS_SEGS, gs.seg[SEG_CS].attr = 0xe09b);	    /* L and D */
	REFUSED(GS_CODE, gs.seg[SEG_SS].attr = 0xc09b);	    /* code */
	REFUSED(GS_SEGS, gs.seg[SEG_DS].attr = 0xc099);	    /* execute only */
	REFUSED(GS_SEGS, gs.seg[SEG_FS].limit = 0x100fff0); /* not whole pages */
	REFUSED(GS_SEGS, gs.seg[SEG_GS].base = 0x8000000000000000);
	REFUSED(GS_SEGS, gs.seg[SEG_TR].attr = 0x89); /* not busy */
	REFUSED(GS_SEGS, gs.seg[SEG_TR].attr = 0x83); /* 16-bit */
	REFUSED(GS_SEGS, gs.seg[SEG_TR].attr |= SEG_ATTR_UNUSABLE);
	REFUSED(GS_SEGS, gs.seg[SEG_TR].selector = 4);
	REFUSED(GS_SEGS, gs.seg[SEG_LDTR].attr = 0x8b);
	setup_real(NULL);
	gs.seg[SEG_SS].attr |= 0x60;
	gs.seg[SEG_CS].attr |= 0x60;
	assert_int_equal(check(GS_SEGS), ERR_INVAL); /* real mode is CPL 0 */
}

static void tss16_outside_long_mode(void **state)
{
	setup_real(state);
	gs.seg[SEG_TR].attr = 0x83;
	assert_int_equal(check(GS_SEGS), 0);
}

static void writable_data_in_cs_of_real_mode(void **state)
{
	setup_real(state);
	gs.seg[SEG_CS].attr = 0x93;
	assert_int_equal(check(GS_CODE), 0);
	gs.seg[SEG_CS].attr = 0xf3;
	assert_int_equal(check(GS_CODE), ERR_INVAL);
}

static void virtual_8086(void **state)
{
	(void)state;
	setup_real(NULL);
	gs.cr0 |= CR0_PE;
	gs.rflags |= RFLAGS_VM;
	gs.cpl = 3;
	segments_fill(0xf3, 0xf3, 0xffff);
	assert_int_equal(check(GS_SEGS), 0);
	gs.seg[SEG_DS].selector = 0x1234;
	assert_int_equal(check(GS_SEGS), ERR_INVAL);
	gs.seg[SEG_DS].base = 0x12340;
	assert_int_equal(check(GS_SEGS), 0);
	gs.seg[SEG_ES].limit = 0xfffff;
	assert_int_equal(check(GS_SEGS), ERR_INVAL);
}

static void control(void **state)
{
	(void)state;
	REFUSED(GS_CONTROL, gs.cr4 |= CR4_VMXE);
	REFUSED(GS_CONTROL, gs.efer &= ~EFER_LMA);
	setup_real(NULL);
	gs.cr0 = CR0_PE | CR0_PG | CR0_ET;
	gs.cr4 = CR4_PAE;
	assert_int_equal(check(GS_CONTROL), 0);
	gs.cr4 |= CR4_PCIDE;
	assert_int_equal(check(GS_CONTROL), ERR_INVAL);
}

static void normal_form(void **state)
{
	struct virt_segment s = {.attr = 0xffffc0f2 & ~SEG_ATTR_UNUSABLE, .limit = 0xffffffff};

	(void)state;
	s = vmx_segment_normalise(SEG_DS, &s);
	assert_int_equal(s.attr, 0xc0f3);
	s = (struct virt_segment){.attr = 0x8093, .limit = 0xfffe};
	assert_int_equal(vmx_segment_normalise(SEG_DS, &s).attr, 0x93);
	s = (struct virt_segment){.attr = 0x8b, .limit = 0x1fffff};
	assert_int_equal(vmx_segment_normalise(SEG_TR, &s).attr, 0x808b);
	s = (struct virt_segment){.attr = 0x82, .limit = 0xffff};
	assert_int_equal(vmx_segment_normalise(SEG_LDTR, &s).attr, 0x82);
	s = (struct virt_segment){.attr = 0x1c0f3, .limit = 0};
	assert_int_equal(vmx_segment_normalise(SEG_SS, &s).attr, 0x10060);
}

static void pdptes(void **state)
{
	u64 p[4] = {0, 0x1001, 0xfffffff000ull | 1, 0x19};

	(void)state;
	assert_true(vmx_pdptes_valid(p, BIT(40) - 1));
	p[1] = 0x1003;
	assert_false(vmx_pdptes_valid(p, BIT(40) - 1));
	p[1] = 0x1002; /* not present: anything goes */
	assert_true(vmx_pdptes_valid(p, BIT(40) - 1));
	p[2] = BIT(40) | 1;
	assert_false(vmx_pdptes_valid(p, BIT(40) - 1));
	p[2] = BIT(63) | 1;
	assert_false(vmx_pdptes_valid(p, BIT(40) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_states),
		cmocka_unit_test(bad_segments),
		cmocka_unit_test(tss16_outside_long_mode),
		cmocka_unit_test(writable_data_in_cs_of_real_mode),
		cmocka_unit_test(virtual_8086),
		cmocka_unit_test(control),
		cmocka_unit_test(normal_form),
		cmocka_unit_test(pdptes),
	};

	return cmocka_run_group_tests_name("vmx_check", tests, NULL, NULL);
}
