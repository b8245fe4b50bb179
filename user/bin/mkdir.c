/* New folders. */
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	int bad = 0;

	if (getopt(argc, argv, "") != -1 || optind >= argc)
		return usage("mkdir FOLDER...");
	for (int i = optind; i < argc; i++) {
		if (!mkdir(argv[i], 0))
			continue;
		perror(argv[i]);
		bad = 1;
	}
	return bad;
}
