/* Other names for files, or another folder. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/target.h"

#define USAGE "mv FILE... TO"

int main(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1)
		return usage(USAGE);
	return target_each(argc, argv, rename, USAGE);
}
