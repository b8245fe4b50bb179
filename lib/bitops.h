/*
 * Single bits of arrays of 32-bit words, and positions of bits.  Plain accesses: the owner's lock
 * orders them.
 */
#ifndef LIB_BITOPS_H
#define LIB_BITOPS_H

#include "lib/types.h"

static inline bool bit_test(const u32 *map, u32 bit) { return (map[bit / 32] >> (bit % 32)) & 1; }

static inline void bit_set(u32 *map, u32 bit) { map[bit / 32] |= 1u << (bit % 32); }

static inline void bit_clear(u32 *map, u32 bit) { map[bit / 32] &= ~(1u << (bit % 32)); }

/* Number of the lowest bit set; word must not be 0. */
static inline u32 lowest_bit(u32 word) { return (u32)__builtin_ctz(word); }

/* Number of the highest bit set; word must not be 0. */
static inline u32 highest_bit(u32 word) { return 31u - (u32)__builtin_clz(word); }

#endif
