// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formatted text into a buffer. Each conversion is reduced to a struct field (sign or prefix,
 * zeros, text), which field_put() pads to the width. No floating point: hypervisor code has none.
 * Pure.
 */
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#include <limits.h>

enum length { LEN_INT, LEN_CHAR, LEN_SHORT, LEN_LONG, LEN_LLONG, LEN_SIZE, LEN_MAX, LEN_PTRDIFF };

struct spec {
	bool minus, zero, plus, space, alt;
	int width;
	int precision; /* -1: not given */
	enum length length;
	char conversion;
};

struct output {
	char *buf;
	size_t size;
	size_t length; /* of the whole text, whether it fitted or not */
};

/* A va_list that can be handed on by address whatever kind of type va_list is. */
struct args {
	va_list ap;
};

struct field {
	char prefix[3];
	size_t zeros;
	const char *text;
	size_t text_length;
};

/* Digits of a u64 in base 10, the longest base we print. */
#define DIGITS_MAX 20

static void output_text(struct output *o, const char *text, size_t n)
{
	if (o->length < o->size) {
		memcpy(o->buf + o->length, text, MIN(n, o->size - o->length));
	}
	o->length += n;
}

static void output_repeat(struct output *o, char c, size_t n)
{
	if (o->length < o->size) {
		memset(o->buf + o->length, c, MIN(n, o->size - o->length));
	}
	o->length += n;
}

static void field_put(struct output *o, const struct spec *s, const struct field *f)
{
	size_t prefix = strlen(f->prefix);
	size_t used = prefix + f->zeros + f->text_length;
	size_t pad = (size_t)s->width > used ? (size_t)s->width - used : 0;

	if (!s->minus) {
		output_repeat(o, ' ', pad);
	}
	output_text(o, f->prefix, prefix);
	output_repeat(o, '0', f->zeros);
	output_text(o, f->text, f->text_length);
	if (s->minus) {
		output_repeat(o, ' ', pad);
	}
}

/* Writes the digits so that they end at `end`; no digit for 0. Returns their start. */
static const char *digits_before(char *end, u64 value, u32 base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; value != 0; value /= base) {
		*--end = set[value % base];
	}
	return end;
}

static void number_put(struct output *o, const struct spec *s, u64 magnitude, const char *prefix)
{
	char digits[DIGITS_MAX];
	char *end = digits + sizeof(digits);
	bool decimal = strchr("diu", s->conversion) != NULL;
	struct field f = {
		.text = digits_before(end, magnitude, decimal ? 10 : 16, s->conversion == 'X')};
	size_t least = s->precision < 0 ? 1 : (size_t)s->precision;

	f.text_length = (size_t)(end - f.text);
	memcpy(f.prefix, prefix, strlen(prefix) + 1);
	if (s->precision < 0 && s->zero && !s->minus && (size_t)s->width > strlen(prefix)) {
		least = MAX(least, (size_t)s->width - strlen(prefix));
	}
	f.zeros = least > f.text_length ? least - f.text_length : 0;
	field_put(o, s, &f);
}

static s64 signed_arg(enum length length, struct args *a)
{
	switch (length) {
	case LEN_CHAR:
		return (signed char)va_arg(a->ap, int);
	case LEN_SHORT:
		return (short)va_arg(a->ap, int);
	case LEN_LONG:
		return va_arg(a->ap, long);
	case LEN_LLONG:
		return va_arg(a->ap, long long);
	case LEN_SIZE:
	case LEN_PTRDIFF:
		return va_arg(a->ap, ptrdiff_t);
	case LEN_MAX:
		return va_arg(a->ap, intmax_t);
	case LEN_INT:
		break;
	}
	return va_arg(a->ap, int);
}

static u64 unsigned_arg(enum length length, struct args *a)
{
	switch (length) {
	case LEN_CHAR:
		return (unsigned char)va_arg(a->ap, unsigned);
	case LEN_SHORT:
		return (unsigned short)va_arg(a->ap, unsigned);
	case LEN_LONG:
		return va_arg(a->ap, unsigned long);
	case LEN_LLONG:
		return va_arg(a->ap, unsigned long long);
	case LEN_SIZE:
	case LEN_PTRDIFF:
		return va_arg(a->ap, size_t);
	case LEN_MAX:
		return va_arg(a->ap, uintmax_t);
	case LEN_INT:
		break;
	}
	return va_arg(a->ap, unsigned);
}

static void signed_put(struct output *o, const struct spec *s, struct args *a)
{
	s64 v = signed_arg(s->length, a);
	const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";

	number_put(o, s, v < 0 ? -(u64)v : (u64)v, sign);
}

static void unsigned_put(struct output *o, const struct spec *s, struct args *a)
{
	u64 v = unsigned_arg(s->length, a);
	bool prefixed = s->alt && v != 0 && s->conversion != 'u';

	number_put(o, s, v, !prefixed ? "" : s->conversion == 'X' ? "0X" : "0x");
}

static void pointer_put(struct output *o, const struct spec *s, struct args *a)
{
	number_put(o, s, (uintptr_t)va_arg(a->ap, void *), "0x");
}

static void char_put(struct output *o, const struct spec *s, struct args *a)
{
	char c = (char)va_arg(a->ap, int);

	field_put(o, s, &(struct field){.text = &c, .text_length = 1});
}

static void string_put(struct output *o, const struct spec *s, struct args *a)
{
	const char *text = va_arg(a->ap, const char *);

	if (text == NULL) {
		text = "(null)";
	}
	/* With a precision the string need not be terminated. */
	size_t n = s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision);

	field_put(o, s, &(struct field){.text = text, .text_length = n});
}

static void percent_put(struct output *o, const struct spec *s, struct args *a)
{
	(void)s;
	(void)a;
	output_text(o, "%", 1);
}

static const struct {
	char conversion;
	void (*put)(struct output *o, const struct spec *s, struct args *a);
} conversions[] = {
	{'d', signed_put},   {'i', signed_put},	  {'u', unsigned_put},
	{'x', unsigned_put}, {'X', unsigned_put}, {'p', pointer_put},
	{'c', char_put},     {'s', string_put},	  {'%', percent_put},
};

static const char *flags_parse(const char *f, struct spec *s)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			s->minus = true;
			break;
		case '0':
			s->zero = true;
			break;
		case '+':
			s->plus = true;
			break;
		case ' ':
			s->space = true;
			break;
		case '#':
			s->alt = true;
			break;
		default:
			return f;
		}
	}
}

/* A number or *; numbers that no int holds become INT_MAX. */
static const char *number_parse(const char *f, int *value, struct args *a)
{
	s64 v = 0;

	if (*f == '*') {
		*value = va_arg(a->ap, int);
		return f + 1;
	}
	for (; *f >= '0' && *f <= '9'; f++) {
		v = MIN(v * 10 + (*f - '0'), (s64)INT_MAX);
	}
	*value = (int)v;
	return f;
}

static const char *length_parse(const char *f, enum length *length)
{
	static const struct {
		char text[3];
		enum length length;
	} lengths[] = {
		{"hh", LEN_CHAR}, {"h", LEN_SHORT}, {"ll", LEN_LLONG},	{"l", LEN_LONG},
		{"z", LEN_SIZE},  {"j", LEN_MAX},   {"t", LEN_PTRDIFF},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = strlen(lengths[i].text);

		if (strncmp(f, lengths[i].text, n) == 0) {
			*length = lengths[i].length;
			return f + n;
		}
	}
	return f;
}

/* `f` stands behind the %. Returns where the conversion character is. */
static const char *spec_parse(const char *f, struct spec *s, struct args *a)
{
	*s = (struct spec){.precision = -1};
	f = flags_parse(f, s);
	f = number_parse(f, &s->width, a);
	if (s->width < 0) { /* only from *: a - flag and the width (7.19.6.1, 5) */
		s->minus = true;
		s->width = s->width == INT_MIN ? INT_MAX : -s->width;
	}
	if (*f == '.') {
		f = number_parse(f + 1, &s->precision, a);
	}
	f = length_parse(f, &s->length);
	s->conversion = *f;
	return f;
}

/* `f` stands at a %. Returns where the text goes on. */
static const char *conversion_put(struct output *o, const char *f, struct args *a)
{
	struct spec s;
	const char *end = spec_parse(f + 1, &s, a);

	for (size_t i = 0; i < ARRAY_SIZE(conversions); i++) {
		if (conversions[i].conversion == s.conversion) {
			conversions[i].put(o, &s, a);
			return end + 1;
		}
	}
	output_text(o, f, (size_t)(end - f));
	return end;
}

int fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = {.buf = buf, .size = size};
	struct args a;

	va_copy(a.ap, ap);
	while (*fmt != '\0') {
		const char *percent = strchr(fmt, '%');
		size_t plain = percent != NULL ? (size_t)(percent - fmt) : strlen(fmt);

		output_text(&o, fmt, plain);
		fmt += plain;
		if (*fmt == '%') {
			fmt = conversion_put(&o, fmt, &a);
		}
	}
	va_end(a.ap);
	if (size != 0) {
		buf[MIN(o.length, size - 1)] = '\0';
	}
	return (int)MIN(o.length, (size_t)INT_MAX);
}

int fmt_print(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = fmt_vprint(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
