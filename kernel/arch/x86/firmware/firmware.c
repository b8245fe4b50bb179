#include "arch/x86/firmware/firmware.h"

#include "arch/x86/paging/fixmap.h"
#include "lib/string.h"

/* Bytes read at a time. */
#define PIECE 512u

/* Words of the BIOS data area: segment of the extended one, KiB of base memory. */
#define BDA_EBDA_SEGMENT 0x40Eu
#define BDA_BASE_MEMORY 0x413u
#define BASE_MEMORY_MIN 0x400u
#define BASE_MEMORY_MAX 0xA0000u

static u8 byte_sum(const u8 *bytes, size_t n)
{
	u8 sum = 0;

	while (n--)
		sum += *bytes++;
	return sum;
}

bool checksum_ok(const void *bytes, size_t n) { return byte_sum(bytes, n) == 0; }

bool phys_checksum_ok(phys_t start, u32 size)
{
	u8 piece[PIECE];
	u8 sum = 0;

	for (u32 done = 0; done < size; done += PIECE) {
		u32 n = MIN(PIECE, size - done);

		if (!phys_read(piece, start + done, n))
			return false;
		sum += byte_sum(piece, n);
	}
	return sum == 0;
}

phys_t ebda_address(void)
{
	u16 segment = 0;

	phys_read(&segment, BDA_EBDA_SEGMENT, sizeof(segment));
	phys_t address = (phys_t)segment << 4;

	return address >= BASE_MEMORY_MIN && address < BASE_MEMORY_MAX ? address : 0;
}

phys_t base_memory_end(void)
{
	u16 kib = 0;

	phys_read(&kib, BDA_BASE_MEMORY, sizeof(kib));
	phys_t end = (phys_t)kib << 10;

	return end > BASE_MEMORY_MIN && end <= BASE_MEMORY_MAX ? end : BASE_MEMORY_MAX;
}

phys_t firmware_find(phys_t start, phys_t end, const char *signature, bool (*accept)(phys_t at))
{
	u8 piece[PIECE];
	size_t length = strlen(signature);

	for (phys_t base = ALIGN_UP(start, 16); base < end; base += PIECE) {
		u32 n = (u32)MIN((phys_t)PIECE, end - base);

		if (!phys_read(piece, base, n))
			return 0;
		for (u32 i = 0; i + 16 <= n; i += 16)
			if (memcmp(piece + i, signature, length) == 0 && accept(base + i))
				return base + i;
	}
	return 0;
}
