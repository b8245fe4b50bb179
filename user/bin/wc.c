/* Lines, words and bytes; -l, -w, -c: only these. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

/* Where there is more than one number. */
#define COLUMN 7

struct counts {
	u64 lines, words, bytes;
};

static struct counts total;
static bool wants_lines, wants_words, wants_bytes, alone;
static char bytes[0x4000];

static void add(struct counts *counts, const char *from, size_t size, bool *in_word)
{
	counts->bytes += size;
	for (size_t i = 0; i < size; i++) {
		bool blank = from[i] == ' ' || (from[i] >= '\t' && from[i] <= '\r');

		counts->lines += from[i] == '\n';
		counts->words += !blank && !*in_word;
		*in_word = !blank;
	}
}

static void print_number(bool wanted, u64 number, bool *first)
{
	if (!wanted)
		return;
	printf("%s%*llu", *first ? "" : " ", alone ? 0 : COLUMN, number);
	*first = false;
}

static void print(const struct counts *counts, const char *name)
{
	bool first = true;

	print_number(wants_lines, counts->lines, &first);
	print_number(wants_words, counts->words, &first);
	print_number(wants_bytes, counts->bytes, &first);
	printf("%s%s\n", name ? " " : "", name ? name : "");
}

static bool count(FILE *file, const char *name)
{
	struct counts counts = { 0 };
	bool in_word = false;
	size_t got;

	while ((got = fread(bytes, 1, sizeof(bytes), file)))
		add(&counts, bytes, got, &in_word);
	print(&counts, name);
	total.lines += counts.lines;
	total.words += counts.words;
	total.bytes += counts.bytes;
	return true;
}

static bool take_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "lwc")) != -1) {
		wants_lines |= option == 'l';
		wants_words |= option == 'w';
		wants_bytes |= option == 'c';
		if (option == '?')
			return false;
	}
	if (!wants_lines && !wants_words && !wants_bytes)
		wants_lines = wants_words = wants_bytes = true;
	alone = wants_lines + wants_words + wants_bytes == 1;
	return true;
}

int main(int argc, char **argv)
{
	int status;

	if (!take_options(argc, argv))
		return usage("wc [-lwc] [FILE...]");
	status = input_each(argc, argv, optind, count);
	if (argc - optind > 1)
		print(&total, "total");
	return status;
}
