// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/svm/svm_state and svm_check: guest state in and out of the VMCB. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_state.h"
#include "kernel/lib/err.h"

static struct vmcb vmcb;
static struct guest_state gs;
static const struct guest_limits limits = {
	.cr4 = 0x3707ff & ~(CR4_VMXE | CR4_SMXE),
	.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
	.phys_mask = BIT(40) - 1,
	.linear_bits = 48,
};

static int setup(void **state)
{
	(void)state;
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&gs, 0xa5, sizeof(gs));
	svm_state_reset(&vmcb);
	svm_state_get(&vmcb, GS_ALL, &gs);
	gs.tsc_aux = 0;
	return 0;
}

static void reset_state(void **state)
{
	(void)state;
	assert_int_equal(gs.rip, 0xfff0);
	assert_int_equal(gs.rflags, 2);
	assert_int_equal(gs.seg[SEG_CS].selector, 0xf000);
	assert_int_equal(gs.seg[SEG_CS].base, 0xffff0000);
	assert_int_equal(gs.seg[SEG_CS].attr, 0x9b);
	assert_int_equal(gs.seg[SEG_DS].attr, 0x93);
	assert_int_equal(gs.seg[SEG_TR].attr, 0x8b);
	assert_int_equal(gs.cr0, 0x60000010);
	assert_int_equal(gs.efer, 0);
	assert_int_equal(vmcb.save.efer, EFER_SVME);
	assert_int_equal(gs.dr6, 0xffff0ff0);
	assert_int_equal(gs.dr7, 0x400);
	assert_int_equal(gs.pat, 0x0007040600070406);
	assert_int_equal(gs.idtr.limit, 0xffff);
	assert_int_equal(gs.cpl, 0);
	assert_false(gs.shadow);
}

static void segments_convert_both_ways(void **state)
{
	/* 64-bit code; 32-bit data, 4 GiB; unusable with DPL 3 */
	static const struct {
		u32 limit;
		u16 hw;
		u32 attr;
	} rows[] = {
		{0xffffffff, 0xa9b, 0xa09b}, {0xffffffff, 0xc93, 0xc093},
		{0xffff, 0x093, 0x93},	     {0, 0x060, 0x10060},
		{0x67, 0x08b, 0x8b},	     {0xffffffff, 0xdf3, 0xd0f3},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmcb_segment hw = {.selector = 0x10,
					  .attr = rows[i].hw,
					  .limit = rows[i].limit,
					  .base = 0x1234};
		struct virt_segment seg = svm_segment_get(&hw);

		assert_int_equal(seg.attr, rows[i].attr);
		assert_int_equal(seg.selector, 0x10);
		assert_int_equal(seg.limit, rows[i].limit);
		assert_int_equal(seg.base, 0x1234);
		hw = svm_segment_set(&seg);
		assert_int_equal(hw.attr, rows[i].hw);
	}
}

/* All of a 64-bit user process's state survives being read and written. */
static void long_mode_state_survives(void **state)
{
	struct guest_state out;

	(void)state;
	gs.cr0 = CR0_PG | CR0_PE | CR0_WP | CR0_ET;
	gs.cr4 = CR4_PAE | CR4_OSFXSR;
	gs.cr3 = 0x12345000;
	gs.cr2 = 0xffff888000001000ull;
	gs.efer = EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE;
	gs.rip = 0x7fffffffe000;
	gs.rflags = 0x246;
	gs.shadow = true;
	gs.seg[SEG_CS] = (struct virt_segment){0x33, 0xa0fb, 0xffffffff, 0};
	gs.seg[SEG_SS] = (struct virt_segment){0x2b, 0xc0f3, 0xffffffff, 0};
	gs.seg[SEG_GS].base = 0xffff800000000000ull;
	gs.seg[SEG_LDTR] = (struct virt_segment){0, SEG_ATTR_UNUSABLE, 0, 0};
	gs.cpl = 3;
	gs.gdtr = (struct virt_dtable){0xffff888000002000ull, 0x7f};
	gs.idtr = (struct virt_dtable){0xffff888000003000ull, 0xfff};
	gs.lstar = 0xffffffff81000000ull;
	gs.dr7 = 0x401;
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_ALL, &gs), 0);
	assert_int_equal(vmcb.save.efer & EFER_SVME, EFER_SVME);
	assert_int_equal(vmcb.save.cpl, 3);
	memset(&out, 0xa5, sizeof(out));
	svm_state_get(&vmcb, GS_ALL, &out);
	assert_int_equal(out.rip, gs.rip);
	assert_int_equal(out.rflags, gs.rflags);
	assert_true(out.shadow);
	assert_int_equal(out.cpl, 3);
	assert_int_equal(out.efer, gs.efer);
	assert_int_equal(out.cr2, gs.cr2);
	assert_int_equal(out.cr3, gs.cr3);
	for (u32 i = 0; i < SEG_COUNT; i++) {
		assert_int_equal(out.seg[i].selector, gs.seg[i].selector);
		assert_int_equal(out.seg[i].attr, gs.seg[i].attr);
		assert_int_equal(out.seg[i].limit, gs.seg[i].limit);
		assert_int_equal(out.seg[i].base, gs.seg[i].base);
	}
	assert_int_equal(out.gdtr.base, gs.gdtr.base);
	assert_int_equal(out.idtr.limit, gs.idtr.limit);
	assert_int_equal(out.lstar, gs.lstar);
	assert_int_equal(out.dr7, gs.dr7);
}

static void sysret_quirk_is_hidden(void **state)
{
	(void)state;
	vmcb.save.cr0 |= CR0_PE;
	vmcb.save.ss.attr = 0;
	vmcb.save.cpl = 3;
	svm_state_get(&vmcb, GS_CODE, &gs);
	assert_int_equal(SEG_ATTR_DPL(gs.seg[SEG_SS].attr), 3);
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_CODE, &gs), 0);
}

static void only_the_groups_asked_for(void **state)
{
	struct guest_state out;
	struct vmcb before;

	(void)state;
	memset(&out, 0xa5, sizeof(out));
	svm_state_get(&vmcb, GS_RIP, &out);
	assert_int_equal(out.rip, 0xfff0);
	assert_int_equal(out.cr0, 0xa5a5a5a5a5a5a5a5ull);
	assert_int_equal(out.seg[SEG_CS].selector, 0xa5a5);
	svm_state_get(&vmcb, GS_CODE, &out);
	assert_int_equal(out.seg[SEG_CS].selector, 0xf000);
	assert_int_equal(out.seg[SEG_DS].selector, 0xa5a5);

	vmcb.control.clean = VMCB_CLEAN_ALL;
	before = vmcb;
	gs.rip = 0x100;
	gs.cr3 = 0x5000;
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_RIP, &gs), 0);
	before.save.rip = 0x100;
	assert_memory_equal(&vmcb, &before, sizeof(vmcb));
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_CONTROL, &gs), 0);
	assert_int_equal(vmcb.control.clean, VMCB_CLEAN_ALL & ~(VMCB_CLEAN_CR | VMCB_CLEAN_CR2));
}

/* Each row spoils one thing in a valid long-mode state. */
static void refuses_what_vmrun_would(void **state)
{
	static const struct {
		const char *what;
		size_t offset;
		u64 value;
	} rows[] = {
		{"CR0 above 32 bits", offsetof(struct guest_state, cr0), CR0_PG | CR0_PE | BIT(32)},
		{"CD=0 NW=1", offsetof(struct guest_state, cr0), CR0_PG | CR0_PE | CR0_NW},
		{"PG without PE", offsetof(struct guest_state, cr0), CR0_PG},
		{"LMA without PG", offsetof(struct guest_state, cr0), CR0_PE},
		{"no PAE", offsetof(struct guest_state, cr4), 0},
		{"CR4.VMXE", offsetof(struct guest_state, cr4), CR4_PAE | CR4_VMXE},
		{"CR3 too high", offsetof(struct guest_state, cr3), BIT(40)},
		{"CR3 bit 63", offsetof(struct guest_state, cr3), BIT(63)},
		{"LME without LMA", offsetof(struct guest_state, efer), EFER_LME},
		{"LMA without LME", offsetof(struct guest_state, efer), EFER_LMA},
		{"EFER.SVME", offsetof(struct guest_state, efer), EFER_LME | EFER_LMA | EFER_SVME},
		{"EFER bit 63", offsetof(struct guest_state, efer), EFER_LME | EFER_LMA | BIT(63)},
		{"RIP not canonical", offsetof(struct guest_state, rip), 0x800000000000ull},
		{"RFLAGS bit 1 clear", offsetof(struct guest_state, rflags), 0x200},
		{"RFLAGS bit 22", offsetof(struct guest_state, rflags), BIT(22) | 2},
		{"DR7 above 32 bits", offsetof(struct guest_state, dr7), BIT(32)},
		{"DR6 above 32 bits", offsetof(struct guest_state, dr6), BIT(32)},
		{"LSTAR not canonical", offsetof(struct guest_state, lstar), BIT(62)},
		{"PAT type 2", offsetof(struct guest_state, pat), 0x0007040600070402},
		{"PAT type 8", offsetof(struct guest_state, pat), 0x0807040600070406},
		{"TSC_AUX above 32 bits", offsetof(struct guest_state, tsc_aux), BIT(32)},
		{"GDT not canonical", offsetof(struct guest_state, gdtr.base), BIT(47)},
		{"FS not canonical", offsetof(struct guest_state, seg[SEG_FS].base), BIT(48)},
	};

	(void)state;
	gs.cr0 = CR0_PG | CR0_PE;
	gs.cr4 = CR4_PAE;
	gs.efer = EFER_LME | EFER_LMA;
	gs.seg[SEG_CS].attr = 0xa09b;
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_ALL, &gs), 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_state bad = gs;
		struct vmcb before = vmcb;

		memcpy((u8 *)&bad + rows[i].offset, &rows[i].value, sizeof(u64));
		if (svm_state_set(&vmcb, &limits, GS_ALL, &bad) != ERR_INVAL) {
			fail_msg("accepted: %s", rows[i].what);
		}
		assert_memory_equal(&vmcb, &before, sizeof(vmcb));
	}
}

static void groups_are_checked_against_each_other(void **state)
{
	(void)state;
	gs.cr0 = CR0_PG | CR0_PE;
	gs.cr4 = CR4_PAE;
	gs.efer = EFER_LME | EFER_LMA;
	gs.seg[SEG_CS].attr = 0xa09b;
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_ALL, &gs), 0);
	gs.seg[SEG_CS].attr = 0xe09b; /* L and D */
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_CODE, &gs), ERR_INVAL);
	gs.seg[SEG_CS].attr = 0xa09b;
	gs.cpl = 3; /* SS.DPL 0 */
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_SEGS, &gs), ERR_INVAL);
	gs.seg[SEG_SS].attr |= 3 << 5;
	assert_int_equal(svm_state_set(&vmcb, &limits, GS_SEGS, &gs), 0);
}

static void rip_wraps_at_the_code_size(void **state)
{
	struct vmcb_save *s = &vmcb.save;

	(void)state;
	s->rip = 0xffff;
	assert_int_equal(svm_state_wrap(s, 0x10001), 1);
	s->rip = 0x12345; /* 16-bit code beyond 64 KiB */
	assert_int_equal(svm_state_wrap(s, 0x12347), 0x12347);

	s->cs.attr |= VMCB_SEG_DB;
	s->rip = 0xffffffff;
	assert_int_equal(svm_state_wrap(s, 0x100000001), 1);

	s->cs.attr = 0xa9b; /* L means nothing outside long mode: 16-bit code, beyond 64 KiB */
	assert_int_equal(svm_state_wrap(s, 0x100000001), 1);
	s->efer |= EFER_LME | EFER_LMA;
	assert_int_equal(svm_state_wrap(s, 0x100000001), 0x100000001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reset_state, setup),
		cmocka_unit_test_setup(segments_convert_both_ways, setup),
		cmocka_unit_test_setup(long_mode_state_survives, setup),
		cmocka_unit_test_setup(sysret_quirk_is_hidden, setup),
		cmocka_unit_test_setup(only_the_groups_asked_for, setup),
		cmocka_unit_test_setup(refuses_what_vmrun_would, setup),
		cmocka_unit_test_setup(groups_are_checked_against_each_other, setup),
		cmocka_unit_test_setup(rip_wraps_at_the_code_size, setup),
	};

	return cmocka_run_group_tests_name("svm_state", tests, NULL, NULL);
}
