/* Waits so many seconds, of which there may be parts: 0.5. */
#include "lib/parse.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define SECOND 1000000u

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* False: it is no number. */
static bool read_time(const char *word, u32 *seconds, u32 *microseconds)
{
	const char *rest = is_digit(*word) ? parse_u32(word, seconds) : NULL;

	*microseconds = 0;
	if (rest && *rest == '.')
		for (u32 unit = SECOND / 10; is_digit(*++rest); unit /= 10)
			*microseconds += unit * (u32)(*rest - '0');
	return rest && !*rest;
}

int main(int argc, char **argv)
{
	u32 seconds, microseconds;

	if (argc != 2 || !read_time(argv[1], &seconds, &microseconds))
		return usage("sleep SECONDS");
	return sleep(seconds) || usleep(microseconds);
}
