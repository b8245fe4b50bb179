/* Defaults of what the command line may change. */
#include "mm/options.h"

struct mm_options mm_options = { .pgt_low = 25, .pgt_high = 50 };
