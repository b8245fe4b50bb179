/* Interleavings: that of the host tests. */
#include "tests/host/fake/arch/x86/paging/page_ops.h"
