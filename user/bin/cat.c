/* Files, one behind the other; -n: with the numbers of their lines. */
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
	return got < 0 ? file_error(name ? name : "stdin") : true;
}

static bool copy_numbered(FILE *file, const char *name)
{
	static u32 number;
	size_t length;
	char *line;

	(void)name;
	while ((line = fgetline(file, &length))) {
		printf("%6u  ", ++number);
		fwrite(line, 1, length, stdout);
		if (putchar('\n') == EOF)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool numbered = false;

	for (int option; (option = getopt(argc, argv, "n")) != -1; numbered = true)
		if (option == '?')
			return usage("cat [-n] [FILE...]");
	return input_each(argc, argv, optind, numbered ? copy_numbered : copy);
}
