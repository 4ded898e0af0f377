// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each exit reason means (SDM vol. 3, appendix C and 27.2.1). Reasons that the controls do not
 * ask for are EXIT_UNKNOWN; a failed entry has bit 31 set and so falls into the last row.
 */
#include "arch/x86/virt/vmx/vmx_exit.h"

#include "arch/x86/regs.h"

/* Where IA32_APIC_BASE has it; guests cannot move it. */
#define APIC_PAGE_GPA  0xfee00000ull

/* What a #DB sets in DR6, in the qualification (table 27-1). */
#define DR6_EVENT_BITS 0x600full

static void decode_io(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	u64 q = info->qualification;

	exit->io.port = (u16)(q >> QUAL_IO_PORT_SHIFT);
	exit->io.size_bytes = (q & QUAL_IO_SIZE) + 1;
	exit->io.in = (q & QUAL_IO_IN) != 0;
	exit->io.string = (q & QUAL_IO_STRING) != 0;
	exit->io.rep = (q & QUAL_IO_REP) != 0;
}

static void decode_cr(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	u32 type = info->qualification >> QUAL_CR_TYPE_SHIFT & QUAL_CR_TYPE;
	bool mov = type == QUAL_CR_MOV_TO || type == QUAL_CR_MOV_FROM;

	exit->cr.cr = mov ? info->qualification & QUAL_CR_NUMBER : 0;
	exit->cr.write = type != QUAL_CR_MOV_FROM;
	exit->cr.gpr = mov ? info->qualification >> QUAL_CR_GPR_SHIFT & QUAL_CR_GPR : GPR_NONE;
}

static void decode_event(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	u32 type = info->event >> VMX_EVENT_TYPE_SHIFT & VMX_EVENT_TYPE;
	u8 vector = info->event & VMX_EVENT_VECTOR;

	if (type == VMX_TYPE_NMI || vector == VECTOR_MC) {
		return;
	}
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = vector;
	exit->exception.has_error = (info->event & VMX_EVENT_ERROR) != 0;
	exit->exception.error = exit->exception.has_error ? info->error : 0;
	exit->exception.address = 0;
	if (vector == VECTOR_PF) {
		exit->exception.address = info->qualification;
	} else if (vector == VECTOR_DB) {
		exit->exception.address = info->qualification & DR6_EVENT_BITS;
	}
}

static void decode_ept_violation(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	u64 q = info->qualification;

	exit->s2.gpa = gpa(info->guest_physical);
	exit->s2.access = (q & QUAL_EPT_FETCH) != 0   ? S2_EXEC
			  : (q & QUAL_EPT_WRITE) != 0 ? S2_WRITE
						      : S2_READ;
	exit->s2.present = (q & QUAL_EPT_ALLOWED) != 0;
	/* No linear address: the loading of page-directory pointers. */
	exit->s2.table_walk =
		(q & (QUAL_EPT_LINEAR | QUAL_EPT_FINAL)) != (QUAL_EPT_LINEAR | QUAL_EPT_FINAL);
	exit->s2.insn_byte_count = 0;
	exit->s2.insn_bytes = NULL;
}

/* An access that the CPU leaves to be emulated. */
static void decode_apic_access(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	u32 type = info->qualification >> QUAL_APIC_TYPE_SHIFT & QUAL_APIC_TYPE;

	exit->s2.gpa = gpa(APIC_PAGE_GPA + (info->qualification & QUAL_APIC_OFFSET));
	exit->s2.access = type == QUAL_APIC_FETCH   ? S2_EXEC
			  : type == QUAL_APIC_WRITE ? S2_WRITE
						    : S2_READ;
	exit->s2.present = false;
	exit->s2.table_walk = type > QUAL_APIC_FETCH;
	exit->s2.insn_byte_count = 0;
	exit->s2.insn_bytes = NULL;
}

static void decode_apic_write(const struct vmx_exit_info *info, struct vm_exit *exit)
{
	exit->apic_write.offset = info->qualification & QUAL_APIC_OFFSET;
}

/* clang-format off */
#define PLAIN(k) {.kind = (k)}
#define INSN(k)  {.kind = (k), .insn = true, .quick = true}
#define UNKNOWN  PLAIN(EXIT_UNKNOWN)

/* Complete: a row left out would read as kind 0. */
const struct vmx_exit_row vmx_exit_rows[VMX_EXIT_ROWS + 1] = {
	[VMX_REASON_EVENT]         = {.decode = decode_event, .kind = EXIT_NMI, .special = true,
				      .reads = VMX_READ_EVENT | VMX_READ_QUALIFICATION},
	[VMX_REASON_EXTINT]        = PLAIN(EXIT_INTR),
	[VMX_REASON_TRIPLE_FAULT]  = PLAIN(EXIT_TRIPLE_FAULT),
	[VMX_REASON_INIT]          = PLAIN(EXIT_NMI),
	[VMX_REASON_SIPI]          = PLAIN(EXIT_NMI),
	[VMX_REASON_IO_SMI]        = PLAIN(EXIT_NMI),
	[VMX_REASON_SMI]           = PLAIN(EXIT_NMI),
	[VMX_REASON_INTR_WINDOW]   = PLAIN(EXIT_WINDOW),
	[VMX_REASON_NMI_WINDOW]    = PLAIN(EXIT_NMI_WINDOW),
	[VMX_REASON_TASK_SWITCH]   = PLAIN(EXIT_TASK_SWITCH),
	[VMX_REASON_CPUID]         = INSN(EXIT_CPUID),
	[VMX_REASON_GETSEC]        = PLAIN(EXIT_INSN_UD),
	[VMX_REASON_HLT]           = INSN(EXIT_HLT),
	[VMX_REASON_INVD]          = INSN(EXIT_WBINVD),
	[14]                       = UNKNOWN,
	[VMX_REASON_RDPMC]         = PLAIN(EXIT_RDPMC),
	[16 ... 17]                = UNKNOWN,
	[VMX_REASON_VMCALL]        = {.kind = EXIT_HYPERCALL, .insn = true, .quick = true, .cpl = true},
	[VMX_REASON_VMCLEAR ... VMX_REASON_VMXON] = PLAIN(EXIT_INSN_UD),
	[VMX_REASON_CR]            = {.decode = decode_cr, .kind = EXIT_CR_ACCESS, .insn = true, .special = true,
				      .reads = VMX_READ_QUALIFICATION},
	[29]                       = UNKNOWN,
	[VMX_REASON_IO]            = {.decode = decode_io, .kind = EXIT_IO, .insn = true,
				      .reads = VMX_READ_QUALIFICATION},
	[VMX_REASON_RDMSR]         = INSN(EXIT_RDMSR),
	[VMX_REASON_WRMSR]         = INSN(EXIT_WRMSR),
	[33 ... 35]                = UNKNOWN,
	[VMX_REASON_MWAIT]         = PLAIN(EXIT_MWAIT),
	[37 ... 38]                = UNKNOWN,
	[VMX_REASON_MONITOR]       = PLAIN(EXIT_MONITOR),
	[VMX_REASON_PAUSE]         = PLAIN(EXIT_PAUSE),
	[41 ... 42]                = UNKNOWN,
	[VMX_REASON_TPR_THRESHOLD] = PLAIN(EXIT_WINDOW),
	[VMX_REASON_APIC_ACCESS]   = {.decode = decode_apic_access, .kind = EXIT_S2_FAULT,
				      .reads = VMX_READ_QUALIFICATION},
	[45 ... 47]                = UNKNOWN,
	[VMX_REASON_EPT_VIOLATION] = {.decode = decode_ept_violation, .kind = EXIT_S2_FAULT, .special = true,
				      .reads = VMX_READ_QUALIFICATION | VMX_READ_PHYSICAL},
	[VMX_REASON_EPT_MISCONFIG] = UNKNOWN,
	[VMX_REASON_INVEPT]        = PLAIN(EXIT_INSN_UD),
	[51]                       = UNKNOWN,
	[VMX_REASON_TIMER]         = {.kind = EXIT_INTR, .special = true},
	[VMX_REASON_INVVPID]       = PLAIN(EXIT_INSN_UD),
	[VMX_REASON_WBINVD]        = INSN(EXIT_WBINVD),
	[VMX_REASON_XSETBV]        = INSN(EXIT_XSETBV),
	[VMX_REASON_APIC_WRITE]    = {.decode = decode_apic_write, .kind = EXIT_APIC_WRITE,
				      .reads = VMX_READ_QUALIFICATION},
	[57 ... 58]                = UNKNOWN,
	[VMX_REASON_VMFUNC]        = PLAIN(EXIT_INSN_UD),
	[VMX_REASON_ENCLS]         = PLAIN(EXIT_INSN_UD),
	[VMX_EXIT_ROWS]            = {.kind = EXIT_UNKNOWN, .special = true},
};
/* clang-format on */
