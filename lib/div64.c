/*
 * 64-bit division on a 32-bit CPU.  The compiler calls these functions, by these names, where it
 * meets `/` or `%` of 64-bit values; they are its own library's, which the kernel does not link.
 *
 * Long division in base 2, with as many steps as the quotient can have digits.  Not for hot code.
 * Division by zero ends as it does for 32 bits: in the CPU's divide error.
 */
#include "lib/types.h"

u64 __udivmoddi4(u64 dividend, u64 divisor, u64 *remainder);
u64 __udivdi3(u64 dividend, u64 divisor);
u64 __umoddi3(u64 dividend, u64 divisor);
s64 __divdi3(s64 dividend, s64 divisor);
s64 __moddi3(s64 dividend, s64 divisor);

/* Zero bits above the highest bit that is set; value must not be 0. */
static u32 leading_zeros(u64 value)
{
	u32 high = (u32)(value >> 32);

	return high ? (u32)__builtin_clz(high) : 32u + (u32)__builtin_clz((u32)value);
}

static u64 long_division(u64 dividend, u64 divisor, u64 *remainder)
{
	u32 shift = leading_zeros(divisor) - leading_zeros(dividend);
	u64 quotient = 0;

	divisor <<= shift;
	for (u32 step = 0; step <= shift; step++) {
		quotient <<= 1;
		if (dividend >= divisor) {
			dividend -= divisor;
			quotient |= 1;
		}
		divisor >>= 1;
	}
	*remainder = dividend;
	return quotient;
}

u64 __udivmoddi4(u64 dividend, u64 divisor, u64 *remainder)
{
	u64 quotient = 0, rest = dividend;

	if (((dividend | divisor) >> 32) == 0 || divisor == 0) {
		/* By 0 on purpose: the CPU's own divide error. */
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
		quotient = (u32)dividend / (u32)divisor;
		rest = (u32)dividend % (u32)divisor;
	} else if (dividend >= divisor) {
		quotient = long_division(dividend, divisor, &rest);
	}
	if (remainder)
		*remainder = rest;
	return quotient;
}

u64 __udivdi3(u64 dividend, u64 divisor) { return __udivmoddi4(dividend, divisor, NULL); }

u64 __umoddi3(u64 dividend, u64 divisor)
{
	u64 remainder;

	__udivmoddi4(dividend, divisor, &remainder);
	return remainder;
}

/* The absolute value: also right for the smallest s64, which has no positive counterpart. */
static u64 magnitude(s64 value) { return value < 0 ? -(u64)value : (u64)value; }

s64 __divdi3(s64 dividend, s64 divisor)
{
	u64 quotient = __udivdi3(magnitude(dividend), magnitude(divisor));

	return (s64)((dividend < 0) == (divisor < 0) ? quotient : -quotient);
}

/* C11 6.5.5: the remainder has the sign of the dividend. */
s64 __moddi3(s64 dividend, s64 divisor)
{
	u64 remainder = __umoddi3(magnitude(dividend), magnitude(divisor));

	return (s64)(dividend < 0 ? -remainder : remainder);
}
