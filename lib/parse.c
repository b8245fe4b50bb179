/* Numbers out of text. */
#include "lib/parse.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

const char *parse_u64(const char *s, u64 *value)
{
	u64 n = 0;
	int base = 10;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (digit_value(*s) >= base)
		return NULL;
	for (; digit_value(*s) < base; s++) {
		u64 digit = (u64)digit_value(*s);

		if (n > (base == 16 ? ~0ull >> 4 : ~0ull / 10) || n * (u64)base > ~0ull - digit)
			return NULL;
		n = n * (u64)base + digit;
	}
	*value = n;
	return s;
}

const char *parse_u32(const char *s, u32 *value)
{
	u64 n;

	s = parse_u64(s, &n);
	if (!s || n >> 32)
		return NULL;
	*value = (u32)n;
	return s;
}

static u32 unit_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K': return 10;
	case 'm':
	case 'M': return 20;
	case 'g':
	case 'G': return 30;
	default: return 0;
	}
}

const char *parse_size(const char *s, u64 *bytes)
{
	u64 n;
	u32 shift;

	s = parse_u64(s, &n);
	if (!s)
		return NULL;
	shift = unit_shift(*s);
	if (shift && n >> (64 - shift))
		return NULL;
	*bytes = n << shift;
	return shift ? s + 1 : s;
}
