/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of VMware's guest interface that Evenkeel answers with guest.interface = "vmware": CPUID leaves and the
 * calls through port 5658h, VMCALL or VMMCALL. README.md beside this file says what each call does. Usable from C and
 * assembly; needs nothing.
 */
#ifndef EVENKEEL_ABI_VMWARE_H
#define EVENKEEL_ABI_VMWARE_H

#define VMWARE_CPUID_BASE 0x40000000 /* EAX highest leaf, EBX ECX EDX "VMwareVMware" */
#define VMWARE_CPUID_INFO 0x40000010 /* EAX TSC kHz, EBX APIC bus kHz, ECX how to call */

#define VMWARE_SIGNATURE_EBX 0x61774d56 /* "VMwa" */
#define VMWARE_SIGNATURE_ECX 0x4d566572 /* "reVM" */
#define VMWARE_SIGNATURE_EDX 0x65726177 /* "ware" */

/* Leaf INFO, ECX: exactly one of them. The port works besides. */
#define VMWARE_INFO_VMMCALL 0x1
#define VMWARE_INFO_VMCALL  0x2

/*
 * A call. In: EAX magic, ECX command in bits 15:0, EDX bits 15:0 the port (0 for VMCALL and VMMCALL), arguments
 * in EBX, ESI, EDI. Out: EAX and what the command defines; VMWARE_UNKNOWN in EAX: no such command, or not for
 * this caller. Other registers and upper halves do not change, except that IN to EAX clears the upper half of RAX.
 */
#define VMWARE_MAGIC	 0x564d5868
#define VMWARE_PORT	 0x5658
#define VMWARE_PORT_BULK 0x5659 /* no channel can be opened: reads all ones */
#define VMWARE_UNKNOWN	 0xffffffff

#define VMWARE_GETMHZ		     1	/* out EAX MHz of the TSC */
#define VMWARE_GETVERSION	     10 /* out EAX 6, EBX magic, ECX product type */
#define VMWARE_GETTIME		     23 /* out EAX s, EBX us, ECX largest lag us */
#define VMWARE_STOPCATCHUP	     24 /* timer interrupts at their nominal rate again */
#define VMWARE_GETHZ		     45 /* out EBX:EAX Hz of the TSC, ECX Hz of the APIC timer */
#define VMWARE_GETTIMEFULL	     46 /* out EAX magic, ESI:EDX s, EBX us, ECX largest lag us */
#define VMWARE_GETTIMEFULL_WITH_LAG  55 /* the same, EDI lag of timer interrupts us, not counted in ECX */
#define VMWARE_GETVCPU_INFO	     68 /* out EAX VMWARE_VCPU_* */
#define VMWARE_STEALCLOCK	     91 /* in ESI:EDI address; out EAX VMWARE_STEAL_*; CPL 0 only */
#define VMWARE_COMMANDS		     128

#define VMWARE_VERSION	    6
#define VMWARE_PRODUCT_TYPE 2

#define VMWARE_VCPU_LEGACY_X2APIC 0x8 /* x2APIC mode without interrupt remapping */

/* STEALCLOCK: the address is guest-physical, a multiple of VMWARE_STEAL_BYTES; VMWARE_STEAL_OFF stops it. What lies
 * there is per vCPU: time for which it could have run and did not, in ticks of its TSC (u64), then reserved. */
#define VMWARE_STEAL_BYTES	 64
#define VMWARE_STEAL_OFF	 1
#define VMWARE_STEAL_DISABLED	 0
#define VMWARE_STEAL_ENABLED	 1
#define VMWARE_STEAL_UNAVAILABLE 0xffffffff

#endif
