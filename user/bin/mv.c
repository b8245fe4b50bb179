/* Other names for files, or another folder. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/target.h"

#define USAGE "mv FILE... TO"

int main(int argc, char **argv)
{
	return getopt(argc, argv, "") != -1 ? usage(USAGE) : target_each(argc, argv, rename, USAGE);
}
