// SPDX-License-Identifier: GPL-2.0-only
/* Names of error codes for messages. Pure. */
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

const char *err_name(int err)
{
	static const char *const names[] = {
		[-ERR_OK] = "ok",
		[-ERR_INVAL] = "invalid argument",
		[-ERR_RANGE] = "out of range",
		[-ERR_NOMEM] = "out of memory",
		[-ERR_NOENT] = "not found",
		[-ERR_EXIST] = "exists already",
		[-ERR_BUSY] = "not possible in this state",
		[-ERR_FAULT] = "bad address",
		[-ERR_NODEV] = "no such device",
		[-ERR_NOTSUP] = "not supported",
		[-ERR_DISABLED] = "disabled by firmware",
		[-ERR_LIMIT] = "limit reached",
		[-ERR_FORMAT] = "bad format",
		[-ERR_TIMEOUT] = "timed out",
		[-ERR_IO] = "device error",
		[-ERR_AGAIN] = "try again",
	};

	if (err > 0 || err < ERR_AGAIN) {
		return "unknown error";
	}
	return names[-err];
}
