/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between Evenkeel and its guests, version 1: CPUID leaves and hypercalls. The table with
 * the reasons is README.md beside this file. Usable from C and assembly, by any kernel; needs nothing.
 */
#ifndef EVENKEEL_ABI_H
#define EVENKEEL_ABI_H

#define EVK_ABI_VERSION 1

/*
 * CPUID. Look at EVK_CPUID_BASE when CPUID.1:ECX[31] (hypervisor present) is set, and believe it only
 * if the signature matches.
 *
 *   BASE     EAX highest leaf of this range; EBX, ECX, EDX the signature "EvenkeelHvsr"
 *   VERSION  EAX EVK_ABI_VERSION; EBX feature bits EVK_FEATURE_*; ECX, EDX 0
 *   CLOCK    EAX rate of this VM's TSC in kHz, 0 if not known; EBX, ECX, EDX 0
 */
#define EVK_CPUID_BASE	  0x40000100
#define EVK_CPUID_VERSION 0x40000101
#define EVK_CPUID_CLOCK	  0x40000102

#define EVK_SIGNATURE_EBX 0x6e657645 /* "Even" */
#define EVK_SIGNATURE_ECX 0x6c65656b /* "keel" */
#define EVK_SIGNATURE_EDX 0x72737648 /* "Hvsr" */

/* Which instruction calls the hypervisor: exactly one of them is set. */
#define EVK_FEATURE_VMCALL  0x1
#define EVK_FEATURE_VMMCALL 0x2

/*
 * Hypercalls, by the instruction named in the feature bits, from CPL 0 in 64-bit or 32-bit mode.
 *
 *   in   RAX EVK_CALL(number); RBX, RCX, RDX, RSI arguments
 *   out  RAX result: 0 or more is success, an EVK_ERR_* failure; no other register changes
 *
 * In 32-bit mode the low halves are the arguments and EAX is the low half of the result.
 */
#define EVK_CALL_MAGIC	 0x45564b00 /* "EVK" and the call's number in the low byte */
#define EVK_CALL(number) (EVK_CALL_MAGIC | (number))

#define EVK_CALL_COUNT	 256
#define EVK_CALL_NOP	 EVK_CALL(0) /* returns 0 */
#define EVK_CALL_VERSION EVK_CALL(1) /* returns EVK_ABI_VERSION */

#define EVK_ERR_NOSYS (-1) /* no such call */
#define EVK_ERR_PERM  (-2) /* not from CPL 0 */

#endif
