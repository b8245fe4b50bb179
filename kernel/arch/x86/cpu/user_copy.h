/*
 * Copies between the kernel and the running thread's user memory.
 *
 * False: the range leaves the user part or wraps, or a page fault was not resolved
 * (kernel_copy_fault(), upcall.h); then any part of the range may have been copied.  Where a fault
 * was resolved, the copy goes on from the byte at which it stood.  May sleep if its caller may;
 * otherwise every fault ends it.
 */
#ifndef ARCH_X86_USER_COPY_H
#define ARCH_X86_USER_COPY_H

#include "lib/types.h"

bool copy_from_user(void *to, const void *user, size_t n);
bool copy_to_user(void *user, const void *from, size_t n);

#endif
