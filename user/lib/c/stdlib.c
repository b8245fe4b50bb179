/* Numbers out of text, and qsort. */
#include "user/lib/c/stdlib.h"

#include "lib/string.h"
#include "user/lib/c/unistd.h"

#define LONG_LARGEST 0x7FFFFFFFu

static u32 digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'z' ? (u32)(c - 'a') + 10 : 99;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool has_0x(const char *text)
{
	return text[0] == '0' && (text[1] | 32) == 'x' && digit_of(text[2]) < 16;
}

long strtol(const char *text, char **end, int base)
{
	const char *at = text, *digits;
	bool minus;
	u64 value = 0;

	while (is_blank(*at))
		at++;
	minus = *at == '-';
	at += *at == '-' || *at == '+';
	if ((base == 0 || base == 16) && has_0x(at)) {
		at += 2;
		base = 16;
	} else if (base == 0) {
		base = *at == '0' ? 8 : 10;
	}
	for (digits = at; digit_of(*at) < (u32)base; at++)
		if (value <= LONG_LARGEST)
			value = value * (u32)base + digit_of(*at);
	if (end)
		*end = (char *)(at == digits ? text : at);
	if (value <= LONG_LARGEST)
		return minus ? -(long)value : (long)value;
	errno = minus && value == LONG_LARGEST + 1ull ? errno : ERANGE;
	return minus ? -(long)LONG_LARGEST - 1 : (long)LONG_LARGEST;
}

int atoi(const char *text) { return (int)strtol(text, NULL, 10); }

/* ---- Heapsort: no memory beside the array, no case that takes longer ---- */

struct array {
	char *base;
	size_t size;
	int (*compare)(const void *, const void *);
};

static char *item(const struct array *array, size_t n) { return array->base + n * array->size; }

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

/* Item `n` goes down until no child of it is larger. */
static void sift(const struct array *array, size_t n, size_t count)
{
	for (size_t child; (child = 2 * n + 1) < count; n = child) {
		if (child + 1 < count &&
			array->compare(item(array, child), item(array, child + 1)) < 0)
			child++;
		if (array->compare(item(array, n), item(array, child)) >= 0)
			return;
		swap(item(array, n), item(array, child), array->size);
	}
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	struct array array = { base, size, compare };

	for (size_t n = count / 2; n--;)
		sift(&array, n, count);
	for (size_t n = count; n-- > 1;) {
		swap(item(&array, 0), item(&array, n), size);
		sift(&array, 0, n);
	}
}
