/* Bytes as hexadecimal numbers and as text, 16 in a line. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define PER_LINE 16u

static void print(u32 at, const u8 *bytes, u32 count)
{
	printf("%08x ", at);
	for (u32 i = 0; i < PER_LINE; i++) {
		if (i == PER_LINE / 2)
			printf(" ");
		if (i < count)
			printf(" %02x", bytes[i]);
		else
			printf("   ");
	}
	printf("  |");
	for (u32 i = 0; i < count; i++)
		putchar(bytes[i] >= ' ' && bytes[i] < 0x7F ? bytes[i] : '.');
	printf("|\n");
}

static bool dump(FILE *file, const char *name)
{
	u8 bytes[PER_LINE];
	u32 at = 0;
	size_t got;

	(void)name;
	for (; (got = fread(bytes, 1, sizeof(bytes), file)); at += (u32)got)
		print(at, bytes, (u32)got);
	return true;
}

int main(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1)
		return usage("hexdump [FILE...]");
	return input_each(argc, argv, optind, dump);
}
