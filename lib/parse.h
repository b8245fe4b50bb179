/*
 * Numbers out of text.  Each returns what follows the number, or NULL if there is none or it does
 * not fit.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include "lib/types.h"

/* Decimal, or hexadecimal after 0x. */
const char *parse_u64(const char *s, u64 *value);
const char *parse_u32(const char *s, u32 *value);
/* A number with an optional K, M or G (either case): powers of 1024. */
const char *parse_size(const char *s, u64 *bytes);

#endif
