/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test includes first: cmocka and what it needs. assert() of the code under test aborts. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/lib/types.h"

#endif
