/* What a function of a lab does until it is written. */
#ifndef LIB_LAB_H
#define LIB_LAB_H

#include "lib/assert.h"

/* A function that is not written does not use what it is given. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define NOT_WRITTEN(lab)                                                                           \
	panic("lab %d: %s is not written yet (labs/%d/README.md)", lab, __func__, lab)

#endif
