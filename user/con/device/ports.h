/* The I/O ports that con was granted. */
#ifndef USER_CON_DEVICE_PORTS_H
#define USER_CON_DEVICE_PORTS_H

#include "lib/types.h"

static inline u8 port_in(u32 port)
{
	u8 value;

	__asm__ volatile("inb %w1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void port_out(u32 port, u32 value)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

#endif
