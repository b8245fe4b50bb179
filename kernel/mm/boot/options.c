/* Defaults of what the command line may change. */
#include "mm/boot/options.h"

struct mm_options mm_options = { .pkmap_tables = 1, .pgt_low = 25, .pgt_high = 50 };
