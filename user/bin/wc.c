/* Lines, words and bytes. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

struct counts {
	u64 lines, words, bytes;
};

static struct counts total;
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

static void print(const struct counts *counts, const char *name)
{
	printf("%7llu %7llu %7llu%s%s\n", counts->lines, counts->words, counts->bytes,
		name ? " " : "", name ? name : "");
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

int main(int argc, char **argv)
{
	int status;

	if (getopt(argc, argv, "") != -1)
		return usage("wc [FILE...]");
	status = input_each(argc, argv, optind, count);
	if (argc - optind > 1)
		print(&total, "total");
	return status;
}
