/* Checks the kernel part of a PGD: see pgd_check.h. */
#include "tests/checkers/pgd_check.h"

const char *pgd_check(const pgd_t *pgd, u32 *where)
{
	for (*where = KERNEL_PGD_INDEX; *where < PTRS_PER_PGD; ++*where)
		if (pgd_value(pgd[*where]) != pgd_value(swapper_pg_dir[*where]))
			return "a kernel entry differs from the reference";
	return NULL;
}
