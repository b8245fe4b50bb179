/*
 * The first serial port, polled.
 * Source: National Semiconductor PC16550D datasheet, section 8 (registers).
 */
#include "arch/x86/console/serial.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/cpu/registers.h"

#define COM1 CONSOLE_PORT
/*
 * Registers, as offsets from COM1; the divisor takes the place of the first two while LCR_DIVISOR
 * is set.
 */
#define UART_DATA (COM1 + 0)
#define UART_INTERRUPTS (COM1 + 1)
#define UART_DIVISOR_LOW (COM1 + 0)
#define UART_DIVISOR_HIGH (COM1 + 1)
#define UART_FIFO (COM1 + 2)
#define UART_LINE (COM1 + 3)
#define UART_MODEM (COM1 + 4)
#define UART_STATUS (COM1 + 5)

#define LCR_8N1 0x03u
#define LCR_DIVISOR 0x80u
#define FCR_ENABLE 0x01u
#define FCR_ENABLE_AND_CLEAR 0x07u
#define MCR_DTR_RTS_OUT2 0x0Bu
#define MCR_LOOPBACK 0x1Eu
#define LSR_RECEIVED 0x01u
#define LSR_CAN_SEND 0x20u
#define LSR_ALL_SENT 0x40u

#define DIVISOR_115200 1u
#define LOOPBACK_BYTE 0xAEu
/* A byte takes 87 us, a port access about 1 us: far more than enough. */
#define LOOPBACK_POLLS 10000u

static bool present;

static void set_rate(void)
{
	outb(UART_LINE, LCR_DIVISOR);
	outb(UART_DIVISOR_LOW, DIVISOR_115200);
	outb(UART_DIVISOR_HIGH, 0);
	outb(UART_LINE, LCR_8N1);
}

/* Sends a byte to itself.  Where there is no port, reads give 0xFF. */
static bool loopback_works(void)
{
	u32 polls = LOOPBACK_POLLS;

	outb(UART_MODEM, MCR_LOOPBACK);
	outb(UART_DATA, LOOPBACK_BYTE);
	while (polls-- && !(inb(UART_STATUS) & LSR_RECEIVED))
		cpu_relax();
	return inb(UART_DATA) == LOOPBACK_BYTE;
}

void serial_init(void)
{
	outb(UART_INTERRUPTS, 0);
	set_rate();
	outb(UART_FIFO, FCR_ENABLE_AND_CLEAR);
	present = loopback_works();
	outb(UART_MODEM, MCR_DTR_RTS_OUT2);
}

/* Bytes that came or are still to go stay in the FIFOs: FCR_ENABLE does not change. */
void serial_resume(void)
{
	outb(UART_INTERRUPTS, 0);
	set_rate();
	outb(UART_FIFO, FCR_ENABLE);
	outb(UART_MODEM, MCR_DTR_RTS_OUT2);
}

/* No flow control is on, so the line always empties. */
static void wait_for_status(u8 bits)
{
	while ((inb(UART_STATUS) & bits) != bits)
		cpu_relax();
}

void serial_put(char c)
{
	if (!present)
		return;
	wait_for_status(LSR_CAN_SEND);
	outb(UART_DATA, (u8)c);
}

void serial_flush(void)
{
	if (present)
		wait_for_status(LSR_CAN_SEND | LSR_ALL_SENT);
}
