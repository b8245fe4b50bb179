/* A file of its own, so that a control run can leave it out. */
#include "explorer.h"

void count_run(u32 *times) { ++*times; }
