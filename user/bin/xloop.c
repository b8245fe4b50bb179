#define main bench_main
#include "user/bin/bench_processes.c"
#undef main
int main(int argc, char **argv)
{
	(void)argc;
	for (;;)
		for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
			if (key_is_wanted(&keys[i], argv + 1))
				keys[i].run(keys[i].operations);
	return 0;
}
