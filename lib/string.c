/*
 * Memory and string functions.  Runs go sixteen bytes a turn; long copies by a string instruction.
 *
 * Built with -fno-builtin -fno-tree-loop-distribute-patterns: the compiler would otherwise see
 * that the loop in memset() is a memset and call it.
 */
#include "lib/string.h"

/* Four bytes anywhere, of any type: x86 reads and writes words at odd addresses. */
typedef u32 __attribute__((may_alias, aligned(1))) any_word;

#define WORD sizeof(any_word)
#define TURN (4 * WORD)

void *memset(void *dst, int byte, size_t n)
{
	u8 *to = dst;
	u32 word = (u8)byte * 0x01010101u;

	for (; n >= TURN; n -= TURN, to += TURN) {
		any_word *w = (any_word *)to;

		w[0] = word;
		w[1] = word;
		w[2] = word;
		w[3] = word;
	}
	while (n--)
		*to++ = (u8)byte;
	return dst;
}

#define LONG 64u /* bytes; a string instruction takes a while to begin */

/* How many bytes it has copied: those behind them make no whole word. */
static size_t copy_long(void *to, const void *from, size_t n)
{
	size_t words = n / WORD;

	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words)::"memory");
	return n - n % WORD;
}

/* From the first byte on: right also for overlapping ranges whose `to` lies below `from`. */
static void copy_upward(u8 *to, const u8 *from, size_t n)
{
	if (n >= LONG) {
		size_t copied = copy_long(to, from, n);

		to += copied;
		from += copied;
		n -= copied;
	}
	for (; n >= TURN; n -= TURN, to += TURN, from += TURN) {
		any_word *w = (any_word *)to;
		const any_word *r = (const any_word *)from;

		w[0] = r[0];
		w[1] = r[1];
		w[2] = r[2];
		w[3] = r[3];
	}
	while (n--)
		*to++ = *from++;
}

/* From the last byte on: right where `to` lies above `from`. */
static void copy_downward(u8 *to, const u8 *from, size_t n)
{
	while (n >= WORD) {
		n -= WORD;
		*(any_word *)(to + n) = *(const any_word *)(from + n);
	}
	while (n--)
		to[n] = from[n];
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_upward(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst <= (uintptr_t)src)
		copy_upward(dst, src, n);
	else
		copy_downward(dst, src, n);
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n >= WORD && *(const any_word *)p == *(const any_word *)q; n -= WORD) {
		p += WORD;
		q += WORD;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	return (size_t)(end - s);
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, SIZE_MAX); }

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (u8)*a - (u8)*b;
		if (!*a)
			return 0;
	}
	return 0;
}

const char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return s;
		if (!*s)
			return NULL;
	}
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t length = strlen(src);
	size_t n = length < size ? length : size - 1;

	memcpy(dst, src, n);
	dst[n] = 0;
	return length;
}
