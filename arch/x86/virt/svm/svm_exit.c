// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each exit code means (APM vol. 2, appendix C and 15.7 - 15.25). Codes that the intercepts do
 * not ask for are EXIT_UNKNOWN.
 */
#include "arch/x86/virt/svm/svm_exit.h"

#include "arch/x86/emul/decode.h"
#include "arch/x86/regs.h"

/* Exceptions that push an error code (APM vol. 2, table 8-1). */
#define HAS_ERROR                                                                                  \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) |      \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC) | BIT(VECTOR_CP))

/* What a #DB sets in DR6: B3:0, BLD is active low and hidden, BD, BS, BT. */
#define DR6_EVENT_BITS 0xe00full

static void decode_cr_access(const struct vmcb *vmcb, struct vm_exit *exit)
{
	u64 info = vmcb->control.exit_info1;

	exit->cr.cr = exit->hw_reason & 0xf;
	exit->cr.write = exit->hw_reason >= VMEXIT_CR_WRITE;
	/* Zero, so not said, without decode assists; and for LMSW, CLTS and SMSW. */
	exit->cr.gpr = (info & CR_INFO_MOV) != 0 ? info & CR_INFO_GPR : GPR_NONE;
}

static void decode_exception(const struct vmcb *vmcb, struct vm_exit *exit)
{
	u8 vector = (u8)(exit->hw_reason - VMEXIT_EXCP);
	bool has_error = (HAS_ERROR & BIT(vector)) != 0;

	exit->exception.vector = vector;
	exit->exception.has_error = has_error;
	exit->exception.error = has_error ? (u32)vmcb->control.exit_info1 : 0;
	exit->exception.address = 0;
	if (vector == VECTOR_PF) {
		exit->exception.address = vmcb->control.exit_info2;
	} else if (vector == VECTOR_DB) {
		exit->exception.address = vmcb->save.dr6 & DR6_EVENT_BITS;
	}
}

static void decode_io(const struct vmcb *vmcb, struct vm_exit *exit)
{
	u64 info = vmcb->control.exit_info1;

	exit->io.port = (u16)(info >> IOIO_PORT_SHIFT);
	exit->io.size_bytes = (info >> IOIO_SIZE_SHIFT) & IOIO_SIZE;
	exit->io.in = (info & IOIO_IN) != 0;
	exit->io.string = (info & IOIO_STR) != 0;
	exit->io.rep = (info & IOIO_REP) != 0;
	/* On every CPU. */
	exit->next_rip = vmcb->control.exit_info2;
}

static void decode_vmmcall(const struct vmcb *vmcb, struct vm_exit *exit)
{
	exit->hypercall.cpl = vmcb->save.cpl;
}

static void decode_msr(const struct vmcb *vmcb, struct vm_exit *exit)
{
	exit->kind = (vmcb->control.exit_info1 & 1) != 0 ? EXIT_WRMSR : EXIT_RDMSR;
}

static void decode_npf(const struct vmcb *vmcb, struct vm_exit *exit)
{
	u64 info = vmcb->control.exit_info1;

	exit->s2.gpa = gpa(vmcb->control.exit_info2);
	exit->s2.access = (info & NPF_FETCH) != 0   ? S2_EXEC
			  : (info & NPF_WRITE) != 0 ? S2_WRITE
						    : S2_READ;
	exit->s2.present = (info & NPF_PRESENT) != 0;
	exit->s2.table_walk = (info & NPF_WALK) != 0;
	/* 0 without decode assists, and for fetches (15.8.4). */
	exit->s2.insn_byte_count = MIN(vmcb->control.insn_byte_count, 15);
	exit->s2.insn_bytes = vmcb->control.insn_bytes;
}

/* Codes beyond the table. */
static void decode_high(const struct vmcb *vmcb, struct vm_exit *exit)
{
	u32 code = (u32)vmcb->control.exit_code;

	if (code == VMEXIT_NPF) {
		exit->kind = EXIT_S2_FAULT;
		decode_npf(vmcb, exit);
	} else if (code == VMEXIT_INVALID) {
		exit->kind = EXIT_ENTRY_FAILED;
	}
}

/* clang-format off */
#define INSN_1(b, i)     {.mask = 0xff, .bytes = (b), .len = 1, .id = (i)}
#define INSN_2(b, i)     {.mask = 0xffff, .bytes = 0x0f | (b) << 8, .len = 2, .id = (i)}
#define INSN_3(b, i)     {.mask = 0xffffff, .bytes = 0x010f | (b) << 16, .len = 3, .id = (i)}
/* Of several forms: bytes that never match. */
#define INSN_OTHER(i)    {.mask = 0, .bytes = 1, .len = 1, .id = (i)}

/* 0F 32 and 0F 30: the decoder knows which it is. */
#define RDMSR_OR_WRMSR   {.mask = 0xfdff, .bytes = 0x300f, .len = 2, .id = INSN_RDMSR}

#define PLAIN(k)   {.kind = (k)}
#define SPECIAL(k) {.kind = (k), .special = true}
#define UNKNOWN    PLAIN(EXIT_UNKNOWN)
#define CR         {.decode = decode_cr_access, .kind = EXIT_CR_ACCESS, .insn = INSN_OTHER(INSN_MOV_TO_CR)}
#define MSR        {.decode = decode_msr, .kind = EXIT_RDMSR, .insn = RDMSR_OR_WRMSR}
#define HYPERCALL  {.decode = decode_vmmcall, .kind = EXIT_HYPERCALL, .insn = INSN_3(0xd9, INSN_VMMCALL)}
#define EXCEPTION  {.decode = decode_exception, .kind = EXIT_EXCEPTION}

/* Complete: a row left out would read as kind 0. */
const struct svm_exit_row svm_exit_rows[SVM_EXIT_ROWS + 1] = {
	[VMEXIT_CR_READ ... VMEXIT_CR_READ + 15]   = CR,
	[VMEXIT_CR_WRITE ... VMEXIT_CR_WRITE + 15] = CR,
	[0x020 ... 0x03f]                          = UNKNOWN,
	[VMEXIT_EXCP ... VMEXIT_EXCP + 17]         = EXCEPTION,
	[VMEXIT_EXCP + VECTOR_MC]                  = SPECIAL(EXIT_NMI),
	[VMEXIT_EXCP + 19 ... VMEXIT_EXCP + 31]    = EXCEPTION,
	[VMEXIT_INTR]                              = PLAIN(EXIT_INTR),
	[VMEXIT_NMI]                               = PLAIN(EXIT_NMI),
	[VMEXIT_SMI]                               = PLAIN(EXIT_NMI),
	[VMEXIT_INIT]                              = PLAIN(EXIT_NMI),
	[0x064 ... 0x06e]                          = UNKNOWN,
	[VMEXIT_RDPMC]                             = PLAIN(EXIT_RDPMC),
	[0x070 ... 0x071]                          = UNKNOWN,
	[VMEXIT_CPUID]                             = {.kind = EXIT_CPUID, .insn = INSN_2(0xa2, INSN_CPUID)},
	[0x073]                                    = UNKNOWN,
	[VMEXIT_IRET]                              = SPECIAL(EXIT_NMI_WINDOW),
	[0x075]                                    = UNKNOWN,
	[VMEXIT_INVD]                              = {.kind = EXIT_WBINVD, .insn = INSN_2(0x08, INSN_INVD)},
	[VMEXIT_PAUSE]                             = PLAIN(EXIT_PAUSE),
	[VMEXIT_HLT]                               = {.kind = EXIT_HLT, .insn = INSN_1(0xf4, INSN_HLT)},
	[0x079]                                    = UNKNOWN,
	[VMEXIT_INVLPGA]                           = PLAIN(EXIT_INSN_UD),
	[VMEXIT_IOIO]                              = {.decode = decode_io, .kind = EXIT_IO},
	[VMEXIT_MSR]                               = MSR,
	[VMEXIT_TASK_SWITCH]                       = PLAIN(EXIT_TASK_SWITCH),
	[0x07e]                                    = UNKNOWN,
	[VMEXIT_SHUTDOWN]                          = PLAIN(EXIT_TRIPLE_FAULT),
	[VMEXIT_VMRUN]                             = PLAIN(EXIT_INSN_UD),
	[VMEXIT_VMMCALL]                           = HYPERCALL,
	[VMEXIT_VMLOAD ... VMEXIT_SKINIT]          = PLAIN(EXIT_INSN_UD),
	[0x087 ... 0x088]                          = UNKNOWN,
	[VMEXIT_WBINVD]                            = {.kind = EXIT_WBINVD, .insn = INSN_2(0x09, INSN_WBINVD)},
	[VMEXIT_MONITOR]                           = PLAIN(EXIT_MONITOR),
	[VMEXIT_MWAIT]                             = PLAIN(EXIT_MWAIT),
	[0x08c]                                    = UNKNOWN,
	[VMEXIT_XSETBV]                            = {.kind = EXIT_XSETBV, .insn = INSN_3(0xd1, INSN_XSETBV)},
	[VMEXIT_RDPRU]                             = PLAIN(EXIT_INSN_UD),
	[SVM_EXIT_ROWS]                            = {.decode = decode_high, .kind = EXIT_UNKNOWN},
};
/* clang-format on */
