/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounded copies between the hypervisor and guest-physical RAM. The only way in which hypervisor code touches
 * guest memory. Pages not yet backed are backed. A guest may change its memory meanwhile: copy once, check
 * the copy, use the copy. Any pCPU; takes the p2m lock for pages not yet present.
 */
#ifndef MM_GUEST_ACCESS_H
#define MM_GUEST_ACCESS_H

#include "mm/p2m.h"

/* ERR_FAULT: some byte is not RAM; ERR_NOMEM. What comes before the bad byte may have been copied. */
int guest_read(struct p2m *p2m, gpa_t from, void *to, u64 size_bytes) must_check;
int guest_write(struct p2m *p2m, gpa_t to, const void *from, u64 size_bytes) must_check;

/* Stores 8 bytes at once, so that a guest's load sees all or none of them; `to` is a multiple of 8. Errors as above. */
int guest_write_u64(struct p2m *p2m, gpa_t to, u64 value) must_check;

/* The page's address in the direct map, NULL when it is not RAM or memory is out. Valid while the VM runs or is
 * being set up. */
void *guest_page(struct p2m *p2m, gfn_t gfn);

#endif
