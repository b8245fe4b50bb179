/* Numbers, one in a line. */
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	int first = argc > 2 ? number_of(argv[1]) : 1,
	    last = argc > 1 ? number_of(argv[argc - 1]) : -1;

	if (argc > 3 || first < 0 || last < 0)
		return usage("seq [FIRST] LAST");
	for (u32 i = (u32)first; i <= (u32)last; i++)
		if (printf("%u\n", i) < 0)
			return 1;
	return 0;
}
