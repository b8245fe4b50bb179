/* The first serial port (COM1), for console.c. */
#ifndef ARCH_X86_SERIAL_H
#define ARCH_X86_SERIAL_H

void serial_init(void);
/* After somebody else had the device, polled as before; what it holds is kept. */
void serial_resume(void);
void serial_put(char c);
/* Waits until the last byte has left the line: before the machine is ended. */
void serial_flush(void);

#endif
