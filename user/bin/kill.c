/* Ends processes, groups and servers (user/lib/tool/end.h); knows no jobs of a shell. */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/unistd.h"
#include "user/lib/tool/end.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2 || !strcmp(argv[1], "-?"))
		return usage(END_USAGE);
	for (int i = end_first(argc, argv); i < argc; i++) {
		if (!end_target(argv[i]))
			continue;
		fprintf(stderr, "kill: %s: %s\n", argv[i], strerror(errno));
		bad = 1;
	}
	return bad;
}
