/* SPDX-License-Identifier: GPL-2.0-only */
/* The version, for messages. */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define EVENKEEL_VERSION "0.1"

#endif
