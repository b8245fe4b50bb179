/* The library: formatting, strings, numbers out of text, lists, 64-bit division. */
#include "lib/format.h"
#include "lib/list.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "tests/kernel/selftest.h"

#define BUFFER 64u

__printf_like(2, 3) static void expect_text(const char *want, const char *fmt, ...)
{
	char got[BUFFER];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(got, sizeof(got), fmt, args);
	va_end(args);
	EXPECT(0, !strcmp(got, want), "format '%s' gives '%s', should be '%s'", fmt, got, want);
	EXPECT_EQ(0, length, strlen(want), "length returned for format '%s'", fmt);
}

static void expect_decimal(void)
{
	expect_text("0 -1 2147483647 -2147483648", "%d %i %d %d", 0, -1, INT32_MAX, INT32_MIN);
	expect_text("4294967295 18446744073709551615", "%u %llu", UINT32_MAX,
		(unsigned long long)UINT64_MAX);
	expect_text("-9223372036854775808 9223372036854775807", "%lld %lld", (long long)INT64_MIN,
		(long long)INT64_MAX);
	expect_text("10000000000 4294967296", "%llu %llu", 10000000000ull, 1ull << 32);
	expect_text("-1 255 -1 65535 7", "%hhd %hhu %hd %hu %zu", (u8)0xFF, (signed char)-1,
		(u16)0xFFFF, (short)-1, (size_t)7);
	expect_text("+5 -5 [ 5]", "%+d %+d [% d]", 5, -5, 5);
	expect_text("[    42] [42    ] [000042] [-00042]", "[%6d] [%-6d] [%06d] [%06d]", 42, 42, 42,
		-42);
	expect_text(
		"[  042] [] [   -7] [-7   ]", "[%5.3d] [%.0d] [%*d] [%*d]", 42, 0, 5, -7, -5, -7);
}

/* Flags that rule one another out; compilers warn of them, so they do not see this format. */
static void expect_odd_flags(void)
{
	const char *volatile odd = "[%-05d] [%05.3d] [%+ d]";

	expect_text("[42   ] [  042] [+42]", odd, 42, 42, 42);
}

static void expect_other_bases(void)
{
	expect_text("c0000000 C0000000 0xc0000000 0XC0000000 0", "%x %X %#x %#X %#x", 0xC0000000,
		0xC0000000, 0xC0000000, 0xC0000000, 0);
	expect_text("0000beef fffffffffffffff0 8000000000000000", "%08x %llx %llx", 0xBEEF,
		0xFFFFFFFFFFFFFFF0ull, 1ull << 63);
	expect_text("1777777777777777777777 017 0", "%llo %#o %#o", (unsigned long long)UINT64_MAX,
		15, 0);
	expect_text("0xfe000000 [0x00000000  ]", "%p [%-12p]", (void *)0xFE000000, (void *)0);
}

static void expect_words(void)
{
	const char *volatile none = NULL;

	expect_text("a b % [  abc] [abc  ] [ab] []", "%c %s %% [%5s] [%-5s] [%.2s] [%.*s]", 'a',
		"b", "abc", "abc", "abc", 0, "abc");
	expect_text("(null)", "%s", none);
}

static void expect_cut(void)
{
	char text[] = "........";

	EXPECT_EQ(0, snprintf(text, 4, "%s", "abcdef"), 6, "length of a text that was cut");
	EXPECT(0, !memcmp(text, "abc\0....", 8), "'abcdef' cut to 4 bytes, then %02x %02x", text[3],
		text[4]);
	text[0] = '.';
	EXPECT_EQ(0, snprintf(text, 0, "%d", 12345), 5, "length of a text without a buffer");
	EXPECT_EQ(0, text[0], '.', "first byte of a buffer of size 0");
}

SELFTEST(lib_format, "lib.format", 1, "")
{
	expect_decimal();
	expect_odd_flags();
	expect_other_bases();
	expect_words();
	expect_cut();
}

/* Bytes that tell their place. */
static void number_bytes(u8 *bytes)
{
	for (u32 i = 0; i < BUFFER; i++)
		bytes[i] = (u8)i;
}

/* Moves [from, from + n) to `to` within one buffer and looks at every byte of it. */
static void expect_moved(u32 to, u32 from, u32 n)
{
	u8 bytes[BUFFER];

	number_bytes(bytes);
	EXPECT(0, memmove(bytes + to, bytes + from, n) == bytes + to, "result of memmove");
	for (u32 i = 0; i < BUFFER; i++) {
		u32 want = i >= to && i < to + n ? i - to + from : i;

		if (!EXPECT_EQ(0, bytes[i], want, "byte %u after memmove of %u bytes from %u to %u",
			    i, n, from, to))
			return;
	}
}

static void expect_filled(u32 start, u32 n)
{
	u8 bytes[BUFFER];

	number_bytes(bytes);
	/* NOLINTNEXTLINE(bugprone-suspicious-memset-usage): only the low byte counts */
	memset(bytes + start, 0x1A5, n);
	for (u32 i = 0; i < BUFFER; i++) {
		u32 want = i >= start && i < start + n ? 0xA5 : i;

		if (!EXPECT_EQ(0, bytes[i], want, "byte %u after memset of %u bytes from %u on", i,
			    n, start))
			return;
	}
}

static void expect_copied(u32 to, u32 from, u32 n)
{
	u8 source[BUFFER], target[BUFFER] = { 0 };

	number_bytes(source);
	memcpy(target + to, source + from, n);
	for (u32 i = 0; i < BUFFER; i++) {
		u32 want = i >= to && i < to + n ? i - to + from : 0;

		if (!EXPECT_EQ(0, target[i], want, "byte %u after memcpy of %u bytes from %u to %u",
			    i, n, from, to))
			return;
	}
}

SELFTEST(lib_memory, "lib.memory", 1, "")
{
	static const u32 sizes[] = { 0, 1, 3, 4, 15, 16, 17, 31, 35 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (u32 shift = 0; shift < 6; shift++) {
			expect_filled(shift, sizes[i]);
			expect_copied(shift, 5 - shift, sizes[i]);
			expect_moved(10 + shift, 10, sizes[i]);
			expect_moved(10, 10 + shift, sizes[i]);
		}
	}
	EXPECT_EQ(0, memcmp("abcdefgh", "abcdefgh", 8), 0, "equal bytes");
	EXPECT(0, memcmp("abcdef\x80", "abcdef\x01", 7) > 0, "0x80 is above 0x01 in byte 6");
	EXPECT(0, memcmp("abcde", "abcxe", 5) < 0, "'d' is below 'x' in byte 3");
	EXPECT_EQ(0, memcmp("abcx", "abcy", 3), 0, "the byte that differs is behind the end");
}

SELFTEST(lib_string, "lib.string", 1, "")
{
	char text[8];
	const char *word = "selftest";

	EXPECT_EQ(0, strlen("") + strlen("abc"), 3, "lengths of '' and 'abc'");
	EXPECT(0, strcmp("abc", "abc") == 0 && strcmp("ab", "abc") < 0 && strcmp("abd", "abc") > 0,
		"order of words");
	EXPECT(0, strcmp("\x80", "a") > 0, "bytes are compared as unsigned");
	EXPECT(0, strncmp("abcx", "abcy", 3) == 0 && strncmp("abc", "abd", 3) < 0,
		"order of beginnings");
	EXPECT(0, strncmp("ab", "ab\0x", 4) == 0, "nothing behind the end counts");
	EXPECT(0,
		strchr(word, 'e') == word + 1 && strchr(word, 0) == word + 8 && !strchr(word, 'x'),
		"places of characters");
	EXPECT_EQ(0, strlcpy(text, word, sizeof(text)), 8, "length of the source");
	EXPECT(0, !strcmp(text, "selftes"), "'%s' copied into %u bytes: '%s'", word,
		(u32)sizeof(text), text);
}

struct number_case {
	const char *text;
	bool valid;
	u64 value;
	char next; /* the character after the number */
};

static const struct number_case sizes[] = {
	{ "0", true, 0, 0 },
	{ "64K", true, 64 << 10, 0 },
	{ "16m,", true, 16 << 20, ',' },
	{ "4G", true, 4ull << 30, 0 },
	{ "0x10k", true, 0x10 << 10, 0 },
	{ "12T", true, 12, 'T' },
	{ "17179869183G", true, 17179869183ull << 30, 0 },
	{ "17179869184G", false, 0, 0 },
	{ "0xffffffffffffffff", true, UINT64_MAX, 0 },
	{ "0x10000000000000000", false, 0, 0 },
	{ "18446744073709551616", false, 0, 0 },
	{ "99999999999999999999", false, 0, 0 },
	{ "", false, 0, 0 },
	{ "K", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "0x", false, 0, 0 },
	{ " 1", false, 0, 0 },
};

static const struct number_case words[] = {
	{ "4294967295", true, 4294967295u, 0 },
	{ "4294967296", false, 0, 0 },
	{ "0xFFFFFFFF", true, 0xFFFFFFFF, 0 },
	{ "0x100000000", false, 0, 0 },
	{ "007", true, 7, 0 },
	{ "12abc", true, 12, 'a' },
	{ "0xabcg", true, 0xABC, 'g' },
	{ "x", false, 0, 0 },
};

static void expect_number(const struct number_case *number, const char *rest, u64 value)
{
	if (!EXPECT_EQ(0, rest != NULL, number->valid, "'%s' is taken", number->text) || !rest)
		return;
	EXPECT_EQ(0, value, number->value, "value of '%s'", number->text);
	EXPECT_EQ(0, *rest, number->next, "what follows the number in '%s'", number->text);
}

SELFTEST(lib_parse, "lib.parse", 1, "")
{
	const char *rest;
	u64 bytes = 0;
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		rest = parse_size(sizes[i].text, &bytes);
		expect_number(&sizes[i], rest, bytes);
	}
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		rest = parse_u32(words[i].text, &n);
		expect_number(&words[i], rest, n);
	}
}

struct item {
	struct list node;
	char name;
};

/* Both directions must tell the same.  Bounded: a broken list may have no end. */
static void expect_list(const struct list *head, const char *want)
{
	char there[8] = "", back[8] = "";
	u32 n = 0;

	for (const struct list *node = head->next; node != head && n < 7; node = node->next)
		there[n++] = list_entry(node, struct item, node)->name;
	for (const struct list *node = head->prev; node != head && n > 0; node = node->prev)
		back[--n] = list_entry(node, struct item, node)->name;
	EXPECT(0, !strcmp(there, want) && !strcmp(back, want),
		"list is '%s' forwards, '%s' backwards, should be '%s'", there, back, want);
	EXPECT_EQ(0, list_empty(head), *want == 0, "list '%s' is empty", want);
}

SELFTEST(lib_list, "lib.list", 1, "")
{
	struct list head = LIST_INIT(head), other = LIST_INIT(other);
	struct item items[] = { { .name = 'a' }, { .name = 'b' }, { .name = 'c' } };

	expect_list(&head, "");
	list_append(&head, &items[0].node);
	list_append(&head, &items[1].node);
	list_push(&head, &items[2].node);
	expect_list(&head, "cab");
	EXPECT_EQ(0, list_first(&head, struct item, node)->name, 'c', "first of the list");
	list_remove(&items[0].node);
	expect_list(&head, "cb");
	list_remove(&items[0].node);
	expect_list(&head, "cb");
	list_for_each_safe(node, &head) list_remove(node);
	expect_list(&head, "");
	list_append_all(&head, &other);
	expect_list(&head, "");
	list_append(&other, &items[0].node);
	list_append(&other, &items[1].node);
	list_append_all(&head, &other);
	expect_list(&head, "ab");
	list_append(&other, &items[2].node);
	list_append_all(&head, &other);
	expect_list(&head, "abc");
	expect_list(&other, "");
}

static void expect_division(u64 n, u64 d)
{
	/* Hidden from the compiler: the division shall be done at run time. */
	volatile u64 dividend = n, divisor = d;
	u64 quotient = dividend / divisor, rest = dividend % divisor;

	EXPECT_EQ(0, quotient * d + rest, n, "quotient times divisor plus remainder, %llu by %llu",
		n, d);
	EXPECT(0, rest < d, "remainder %llu of %llu by %llu", rest, n, d);
}

static void expect_signed(s64 n, s64 d, s64 want_quotient, s64 want_rest)
{
	volatile s64 dividend = n, divisor = d;

	EXPECT_EQ(0, dividend / divisor, want_quotient, "%lld by %lld", n, d);
	EXPECT_EQ(0, dividend % divisor, want_rest, "remainder of %lld by %lld", n, d);
}

SELFTEST(lib_division, "lib.division", 1, "")
{
	static const u64 values[] = { 1, 2, 3, 10, 0xFFFF, 0xFFFFFFFF, 1ull << 32, 0x100000001,
		10000000000ull, 1ull << 62, (1ull << 63) - 1, 1ull << 63, UINT64_MAX - 1,
		UINT64_MAX };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		expect_division(0, values[i]);
		for (u32 j = 0; j < ARRAY_SIZE(values); j++)
			expect_division(values[i], values[j]);
	}
	expect_signed(-7, 2, -3, -1);
	expect_signed(7, -2, -3, 1);
	expect_signed(-7, -2, 3, -1);
	expect_signed(INT64_MIN, 1, INT64_MIN, 0);
	expect_signed(INT64_MIN, 10, -922337203685477580, -8);
	expect_signed(INT64_MAX, INT64_MIN, 0, INT64_MAX);
	expect_signed(INT64_MIN, INT64_MIN, 1, 0);
}
