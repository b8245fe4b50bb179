/*
 * CRC and bytes of each file, as POSIX has them.
 * Source: POSIX.1-2017, Shell and Utilities, cksum: generator 0x04C11DB7, the bytes, then their
 * number, lowest byte first, as long as it is not 0.
 */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define GENERATOR 0x04C11DB7u
#define TOP_BIT 0x80000000u

static u32 table[256]; /* what a byte that leaves at the top adds */
static u8 bytes[0x10000];

static void fill_table(void)
{
	for (u32 byte = 0; byte < 256; byte++) {
		u32 value = byte << 24;

		for (u32 bit = 0; bit < 8; bit++)
			value = value << 1 ^ (value & TOP_BIT ? GENERATOR : 0);
		table[byte] = value;
	}
}

static u32 add(u32 sum, u8 byte) { return sum << 8 ^ table[sum >> 24 ^ byte]; }

static u32 add_number(u32 sum, u64 number)
{
	for (; number; number >>= 8)
		sum = add(sum, (u8)number);
	return sum;
}

static bool check(FILE *file, const char *name)
{
	u64 size = 0;
	u32 sum = 0;
	ssize_t got;

	while ((got = read(fileno(file), bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			sum = add(sum, bytes[i]);
		size += (u64)got;
	}
	if (got < 0)
		return file_error(name ? name : "stdin");
	printf("%u %llu%s%s\n", ~add_number(sum, size), size, name ? " " : "", name ? name : "");
	return true;
}

int main(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1)
		return usage("cksum [FILE...]");
	fill_table();
	return input_each(argc, argv, optind, check);
}
