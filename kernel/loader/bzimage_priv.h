/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The header of a Linux bzImage. Pure; private to this folder. Source: "The Linux/x86 Boot Protocol" in
 * the kernel's documentation (Documentation/arch/x86/boot.rst), fields by their names there.
 */
#ifndef KERNEL_LOADER_BZIMAGE_PRIV_H
#define KERNEL_LOADER_BZIMAGE_PRIV_H

#include "kernel/loader/plan_priv.h"

/* Where the setup header is, in the file and in boot_params alike. It ends before 0x290. */
#define BZIMAGE_HEADER_START 0x1f1u
#define BZIMAGE_HEADER_LIMIT 0x290u

struct bzimage {
	u16 protocol; /* 0x020f: 2.15 */
	u32 header_end;
	const u8 *payload; /* the protected-mode part, entered at +0x200 */
	u64 payload_bytes;
	u64 pref_address;  /* where it wants to be, and never below */
	u64 init_bytes;	   /* memory it needs from there on, at least payload_bytes */
	u64 alignment;	   /* of other places; 0: it cannot be elsewhere */
	u64 initrd_limit;  /* exclusive */
	u32 cmdline_max;   /* bytes without terminator */
	char version[48];  /* "6.1.0-18-amd64", printable; empty: not there */
};

/* Reads and checks the header. Errors as loader_plan(). */
int bzimage_parse(const u8 *file, u64 size, struct bzimage *b, struct loader_reason *r) must_check;

#endif
