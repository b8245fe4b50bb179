/* Names, and the place of what each one stands for. */
#ifndef USER_NAMES_TABLE_H
#define USER_NAMES_TABLE_H

#include "user/lib/protocol/names.h"

#define NAMES 64u
#define NO_NAME NAMES

/* The number of this name; NO_NAME. */
u32 name_find(const char *name);
/* The same, or a new one; NO_NAME if the table is full. */
u32 name_make(const char *name);
/* The name `index`; NULL behind the last one. */
const char *name_at(u32 index);

#endif
