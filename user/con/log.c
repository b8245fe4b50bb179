/* From the kernel's log to both devices: see log.h. */
#include "user/con/log.h"

#include "user/con/output.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"

#define TEXT 1024u

static union {
	struct info_log log;
	char bytes[sizeof(struct info_log) + TEXT];
} piece;
static u32 next; /* number of the byte that is shown next */

/* Bytes of text that were read from `from` on. */
static u32 read(u32 from, u32 text)
{
	struct result got = sys_info(SLOT_SYSTEM, INFO_LOG, from, (u32)(uintptr_t)&piece,
		sizeof(struct info_log) + text);

	return got.error ? 0 : got.word0 - (u32)sizeof(struct info_log);
}

void log_begin(void)
{
	read(0, 0);
	next = piece.log.unshown;
}

void log_show(void)
{
	static const char lost[] = "\n[the kernel said more than its log keeps]\n";
	u32 n;

	while (output_room() > TEXT + sizeof(lost) && (n = read(next, TEXT))) {
		if (piece.log.first != next)
			output_put(lost, sizeof(lost) - 1);
		output_put(piece.log.text, n);
		next = piece.log.first + n;
	}
}
