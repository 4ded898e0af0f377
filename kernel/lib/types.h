/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fixed-width integers, address and frame-number types, and the few macros every file uses.
 * Pure. Addresses are one-field structs so that the compiler refuses to mix them up:
 *   gva  guest-virtual (linear)    gpa / gfn  guest-physical address / frame number
 *   hpa / mfn  host-physical (machine) address / frame number
 */
#ifndef KERNEL_LIB_TYPES_H
#define KERNEL_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef struct {
	u64 v;
} gpa_t;
typedef struct {
	u64 v;
} hpa_t;
typedef struct {
	u64 v;
} gva_t;
typedef struct {
	u64 v;
} gfn_t;
typedef struct {
	u64 v;
} mfn_t;

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096ul
#define PAGE_MASK   (PAGE_SIZE - 1)
#define LARGE_SHIFT 21
#define LARGE_SIZE  (1ul << LARGE_SHIFT)

static inline gpa_t gpa(u64 v)
{
	return (gpa_t){v};
}
static inline hpa_t hpa(u64 v)
{
	return (hpa_t){v};
}
static inline gva_t gva(u64 v)
{
	return (gva_t){v};
}
static inline gfn_t gfn(u64 v)
{
	return (gfn_t){v};
}
static inline mfn_t mfn(u64 v)
{
	return (mfn_t){v};
}
static inline gfn_t gpa_to_gfn(gpa_t a)
{
	return gfn(a.v >> PAGE_SHIFT);
}
static inline gpa_t gfn_to_gpa(gfn_t f)
{
	return gpa(f.v << PAGE_SHIFT);
}
static inline mfn_t hpa_to_mfn(hpa_t a)
{
	return mfn(a.v >> PAGE_SHIFT);
}
static inline hpa_t mfn_to_hpa(mfn_t f)
{
	return hpa(f.v << PAGE_SHIFT);
}

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull
/* A deadline that never comes. */
#define NEVER_NS UINT64_MAX

#define BIT(n)            (1ull << (n))
#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)    (((x) + ((a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)  ((x) & ~((__typeof__(x))(a) - 1))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define likely(x)          __builtin_expect(!!(x), 1)
#define unlikely(x)        __builtin_expect(!!(x), 0)
#define must_check         __attribute__((warn_unused_result))
#define printf_like(f, a)  __attribute__((format(printf, f, a)))
#define packed_struct      __attribute__((packed))
#define aligned_to(n)      __attribute__((aligned(n)))
#define maybe_unused       __attribute__((unused))

#ifndef static_assert
#define static_assert _Static_assert
#endif
#define assert_offset(type, member, off) \
	static_assert(offsetof(type, member) == (off), #type "." #member)

#endif
