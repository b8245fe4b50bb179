/* Interleavings: the host tests' registers, and the flags that calls of threads name. */
#include "tests/host/fake/arch/x86/cpu/registers.h"

#ifndef EFLAGS_USER
#define EFLAGS_TF (1u << 8)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_AC (1u << 18)
#define EFLAGS_USER 0x202u
#endif
