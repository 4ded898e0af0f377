/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of error codes. Functions that can fail return int: 0 or a negative code, and are
 * marked must_check. Pure.
 */
#ifndef KERNEL_LIB_ERR_H
#define KERNEL_LIB_ERR_H

enum {
	ERR_OK = 0,
	ERR_INVAL = -1,       /* an argument is malformed */
	ERR_RANGE = -2,       /* an argument or value is out of its range */
	ERR_NOMEM = -3,       /* out of machine memory */
	ERR_NOENT = -4,       /* the named thing does not exist */
	ERR_EXIST = -5,       /* the named thing exists already */
	ERR_BUSY = -6,        /* not possible in the present state */
	ERR_FAULT = -7,       /* an address is not accessible */
	ERR_NODEV = -8,       /* the hardware is not there */
	ERR_NOTSUP = -9,      /* the hardware or this version cannot do it */
	ERR_DISABLED = -10,   /* the hardware can, but firmware disabled it */
	ERR_LIMIT = -11,      /* a configured or built-in limit is reached */
	ERR_FORMAT = -12,     /* a file or table is not what it should be */
	ERR_TIMEOUT = -13,    /* it did not answer in time */
	ERR_IO = -14,         /* a device reported an error */
	ERR_AGAIN = -15,      /* not now: repeat when told to */
};

/* A short lower-case English phrase for a code; never NULL. */
const char *err_name(int err);

#endif
