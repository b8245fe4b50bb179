/*
 * The system object: what only few may do.  A handle with RIGHT_SEND makes tasks and lists them
 * all; one with RIGHT_MANAGE reaches devices and ends the machine.  There is one object, which
 * never ends.
 */
#ifndef KERNEL_SYSTEM_H
#define KERNEL_SYSTEM_H

#include "kernel/objects/object.h"

extern struct object system_object;
void system_object_init(void);

#endif
