/* printf-style formatting: one conversion is parsed into a struct spec, then printed. */
#include "lib/format.h"

#include "lib/string.h"

/* Octal digits of 2^64 - 1: the longest number. */
#define MAX_DIGITS 22

enum length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

struct spec {
	bool left, zero, alternative, plus, space;
	int width;
	int precision; /* -1: none given */
	enum length length;
	char conversion;
};

/* Where the output goes, and how much went there. */
struct output {
	struct sink *sink;
	int count;
};

static void put(struct output *out, char c)
{
	out->sink->put(out->sink, c);
	out->count++;
}

static void put_repeated(struct output *out, char c, int n)
{
	for (; n > 0; n--)
		put(out, c);
}

static void put_text(struct output *out, const char *text, int n)
{
	for (; n > 0; n--)
		put(out, *text++);
}

/*
 * Divides *n in place by at most 0xFFFF and returns the remainder: long division in digits of 16
 * bits, four steps where a plain 64-bit division would take one for each bit (lib/div64.c).
 */
static u32 divide(u64 *n, u32 base)
{
	u64 quotient = 0;
	u32 rest = 0;

	for (int shift = 48; shift >= 0; shift -= 16) {
		u32 part = (rest << 16) | (u16)(*n >> shift);

		quotient = (quotient << 16) | (part / base);
		rest = part % base;
	}
	*n = quotient;
	return rest;
}

/* Writes the digits of n, last one first, and returns how many; 0 has none. */
static int make_digits(char *digits, u64 n, u32 base, bool capital)
{
	const char *set = capital ? "0123456789ABCDEF" : "0123456789abcdef";
	int count = 0;

	while (n)
		digits[count++] = set[divide(&n, base)];
	return count;
}

/* Prefix (sign or 0x), zeros and digits, in a field of spec->width. */
static void put_number(
	struct output *out, const struct spec *spec, const char *prefix, u64 n, u32 base)
{
	char digits[MAX_DIGITS];
	int ndigits = make_digits(digits, n, base, spec->conversion == 'X');
	int least = spec->precision < 0 ? 1 : spec->precision;
	int zeros = MAX(least - ndigits, 0);
	int nprefix = (int)strlen(prefix);
	int padding;

	if (base == 8 && spec->alternative && !zeros)
		zeros = 1;
	padding = spec->width - nprefix - zeros - ndigits;
	if (spec->zero && !spec->left && spec->precision < 0 && padding > 0) {
		zeros += padding;
		padding = 0;
	}
	if (!spec->left)
		put_repeated(out, ' ', padding);
	put_text(out, prefix, nprefix);
	put_repeated(out, '0', zeros);
	while (ndigits)
		put(out, digits[--ndigits]);
	if (spec->left)
		put_repeated(out, ' ', padding);
}

static s64 signed_argument(const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case LENGTH_CHAR: return (signed char)va_arg(*args, int);
	case LENGTH_SHORT: return (short)va_arg(*args, int);
	case LENGTH_INT: return va_arg(*args, int);
	case LENGTH_LONG: return va_arg(*args, long);
	case LENGTH_LONG_LONG: return va_arg(*args, long long);
	case LENGTH_SIZE: return va_arg(*args, ptrdiff_t);
	}
	return 0;
}

static u64 unsigned_argument(const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case LENGTH_CHAR: return (unsigned char)va_arg(*args, unsigned int);
	case LENGTH_SHORT: return (unsigned short)va_arg(*args, unsigned int);
	case LENGTH_INT: return va_arg(*args, unsigned int);
	case LENGTH_LONG: return va_arg(*args, unsigned long);
	case LENGTH_LONG_LONG: return va_arg(*args, unsigned long long);
	case LENGTH_SIZE: return va_arg(*args, size_t);
	}
	return 0;
}

static void put_signed(struct output *out, const struct spec *spec, s64 n)
{
	const char *sign = n < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

	put_number(out, spec, sign, n < 0 ? -(u64)n : (u64)n, 10);
}

static void put_hex(struct output *out, const struct spec *spec, u64 n)
{
	const char *prefix = spec->conversion == 'X' ? "0X" : "0x";

	put_number(out, spec, spec->alternative && n ? prefix : "", n, 16);
}

/* Always 0x and eight digits; the width of the field still counts. */
static void put_pointer(struct output *out, const struct spec *spec, const void *pointer)
{
	struct spec fixed = {
		.left = spec->left, .width = spec->width, .precision = 8, .conversion = 'p'
	};

	put_number(out, &fixed, "0x", (uintptr_t)pointer, 16);
}

static void put_field(struct output *out, const struct spec *spec, const char *text, int n)
{
	if (!spec->left)
		put_repeated(out, ' ', spec->width - n);
	put_text(out, text, n);
	if (spec->left)
		put_repeated(out, ' ', spec->width - n);
}

static void put_string(struct output *out, const struct spec *spec, const char *text)
{
	int n = 0;

	if (!text)
		text = "(null)";
	while ((spec->precision < 0 || n < spec->precision) && text[n])
		n++;
	put_field(out, spec, text, n);
}

static bool parse_flag(struct spec *spec, char c)
{
	switch (c) {
	case '-': spec->left = true; return true;
	case '0': spec->zero = true; return true;
	case '#': spec->alternative = true; return true;
	case '+': spec->plus = true; return true;
	case ' ': spec->space = true; return true;
	}
	return false;
}

/* Decimal digits, or '*' for an argument. */
static const char *parse_number(const char *fmt, int *n, va_list *args)
{
	if (*fmt == '*') {
		*n = va_arg(*args, int);
		return fmt + 1;
	}
	for (*n = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		*n = *n * 10 + (*fmt - '0');
	return fmt;
}

static const char *parse_length(const char *fmt, enum length *length)
{
	*length = LENGTH_INT;
	if (*fmt == 'z') {
		*length = LENGTH_SIZE;
		return fmt + 1;
	}
	for (; *fmt == 'h'; fmt++)
		*length = *length == LENGTH_INT ? LENGTH_SHORT : LENGTH_CHAR;
	for (; *fmt == 'l'; fmt++)
		*length = *length == LENGTH_INT ? LENGTH_LONG : LENGTH_LONG_LONG;
	return fmt;
}

/* `fmt` is behind the '%'; returns what follows the conversion's letter. */
static const char *parse_spec(const char *fmt, struct spec *spec, va_list *args)
{
	*spec = (struct spec){ .precision = -1 };
	while (parse_flag(spec, *fmt))
		fmt++;
	fmt = parse_number(fmt, &spec->width, args);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = -spec->width;
	}
	if (*fmt == '.')
		fmt = parse_number(fmt + 1, &spec->precision, args);
	fmt = parse_length(fmt, &spec->length);
	spec->conversion = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static void put_conversion(struct output *out, const struct spec *spec, va_list *args)
{
	char c;

	switch (spec->conversion) {
	case 'd':
	case 'i': put_signed(out, spec, signed_argument(spec, args)); break;
	case 'u': put_number(out, spec, "", unsigned_argument(spec, args), 10); break;
	case 'o': put_number(out, spec, "", unsigned_argument(spec, args), 8); break;
	case 'x':
	case 'X': put_hex(out, spec, unsigned_argument(spec, args)); break;
	case 'p': put_pointer(out, spec, va_arg(*args, void *)); break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_field(out, spec, &c, 1);
		break;
	case 's': put_string(out, spec, va_arg(*args, const char *)); break;
	case 0: /* a lone '%' at the end */
	case '%': put(out, '%'); break;
	default: /* unknown: shown as it stands */ put(out, '%'); put(out, spec->conversion);
	}
}

int vformat(struct sink *sink, const char *fmt, va_list args)
{
	struct output out = { .sink = sink, .count = 0 };
	struct spec spec;
	va_list copy;

	/*
	 * Where va_list is an array, a parameter of that type is a pointer: only a copy's address
	 * is a va_list *.
	 */
	va_copy(copy, args);
	while (*fmt) {
		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec, &copy);
		put_conversion(&out, &spec, &copy);
	}
	va_end(copy);
	return out.count;
}

struct buffer_sink {
	struct sink sink;
	char *at, *last; /* `last` is kept for the closing 0 */
};

static void buffer_put(struct sink *sink, char c)
{
	struct buffer_sink *buffer = container_of(sink, struct buffer_sink, sink);

	if (buffer->at < buffer->last)
		*buffer->at++ = c;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct buffer_sink buffer = {
		.sink = { buffer_put }, .at = buf, .last = size ? buf + size - 1 : buf
	};
	int length = vformat(&buffer.sink, fmt, args);

	if (size)
		*buffer.at = 0;
	return length;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return length;
}
