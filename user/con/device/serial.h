/*
 * The first serial line: a queue of bytes to be sent, which the line's interrupt empties, and the
 * bytes that came.
 */
#ifndef USER_CON_DEVICE_SERIAL_H
#define USER_CON_DEVICE_SERIAL_H

#include "lib/types.h"

#define SERIAL_IRQ 4u

/* The device keeps its rate and what it has received. */
void serial_begin(void);

/* Bytes that the queue has room for. */
u32 serial_room(void);
/* Into the queue; what it has no room for is lost.  serial_send() makes them go. */
void serial_put(u8 byte);
/* Gives the device what it takes now; its interrupt calls for the rest. */
void serial_send(void);
bool serial_all_sent(void);

/* The next byte that came; false: none. */
bool serial_receive(u8 *byte);
/* Whether bytes that come raise an interrupt.  Those that are not taken wait in the device. */
void serial_listen(bool listen);

/* After an interrupt: true if bytes have come.  To be called until *pending is false. */
bool serial_cause(bool *pending);

#endif
