/* Interleavings: the host tests' registers. */
#include "tests/host/fake/arch/x86/cpu/registers.h"
