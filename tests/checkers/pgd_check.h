/*
 * Checks the kernel part of a PGD: invariant 19.
 */
#ifndef TESTS_PGD_CHECK_H
#define TESTS_PGD_CHECK_H

#include "arch/x86/paging/pgtable.h"

/* NULL, or what is wrong (a static text), with the entry's index in *where. */
const char *pgd_check(const pgd_t *pgd, u32 *where);

#endif
