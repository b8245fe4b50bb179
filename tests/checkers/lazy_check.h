/* Checks the lists of slots that kmap_flush=lazy keeps (mm/pkmap/lazy.h). */
#ifndef TESTS_LAZY_CHECK_H
#define TESTS_LAZY_CHECK_H

/* NULL, or what is wrong.  kmap_lock is held, or nobody else runs. */
const char *lazy_check(void);

#endif
