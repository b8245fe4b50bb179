/* Files, one behind the other. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static char bytes[0x4000];

/* What is there is written at once: nobody waits for a full buffer. */
static bool copy(FILE *file, const char *name)
{
	ssize_t got;

	while ((got = read(fileno(file), bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)got) != got) {
			perror("cat");
			return false;
		}
	if (got < 0)
		perror(name ? name : "stdin");
	return !got;
}

int main(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1)
		return usage("cat [FILE...]");
	return input_each(argc, argv, optind, copy);
}
