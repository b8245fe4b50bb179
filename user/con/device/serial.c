/*
 * The 16550: see serial.h.
 * Source: National Semiconductor PC16550D datasheet, section 8 (registers).
 */
#include "user/con/device/serial.h"

#include "user/con/device/ports.h"

#define COM1 0x3F8u
#define UART_DATA (COM1 + 0)
#define UART_INTERRUPTS (COM1 + 1)
#define UART_CAUSE (COM1 + 2) /* read */
#define UART_FIFO (COM1 + 2)  /* written */
#define UART_MODEM (COM1 + 4)
#define UART_STATUS (COM1 + 5)
#define UART_MODEM_STATUS (COM1 + 6)

#define IER_RECEIVED 0x01u
#define IER_CAN_SEND 0x02u
#define IIR_NONE 0x01u
#define IIR_CAUSE 0x0Eu
#define CAUSE_MODEM 0x00u
#define CAUSE_CAN_SEND 0x02u
#define CAUSE_RECEIVED 0x04u
#define CAUSE_STATUS 0x06u
#define CAUSE_TIMEOUT 0x0Cu
#define IIR_FIFO 0xC0u
/* Both FIFOs, as the kernel has them: only a change of this bit would clear them. */
#define FCR_ENABLE 0x01u
/* Bytes that came interrupt by eights; fewer, when none has come for the time of four. */
#define FCR_BY_EIGHTS 0x80u
#define MCR_DTR_RTS_OUT2 0x0Bu
#define LSR_RECEIVED 0x01u
#define LSR_CAN_SEND 0x20u
#define NO_DEVICE 0xFFu

#define FIFO_BYTES 16u
#define QUEUE 0x20000u /* a power of two */

static bool present;
static u32 burst; /* bytes that the device takes when it says that it can send */
static u8 enabled;
static u8 queue[QUEUE];
static u32 first, end; /* counted on while there are bytes between them */

static void enable(u8 interrupts)
{
	if (interrupts != enabled)
		port_out(UART_INTERRUPTS, interrupts);
	enabled = interrupts;
}

/* All off first: the line falls, so what is pending rises again when it is let through. */
void serial_begin(void)
{
	present = port_in(UART_STATUS) != NO_DEVICE;
	port_out(UART_INTERRUPTS, 0);
	port_out(UART_FIFO, FCR_ENABLE | FCR_BY_EIGHTS);
	port_out(UART_MODEM, MCR_DTR_RTS_OUT2);
	burst = (port_in(UART_CAUSE) & IIR_FIFO) == IIR_FIFO ? FIFO_BYTES : 1;
	serial_listen(true);
}

/* ---- To the line ---- */

u32 serial_room(void) { return QUEUE - (end - first); }

void serial_put(u8 byte)
{
	if (present && serial_room())
		queue[end++ % QUEUE] = byte;
}

bool serial_all_sent(void) { return first == end; }

/* What is empty begins anew, so that its pages come with what has to wait, and not one by one. */
static void begin_anew(void)
{
	if (first == end)
		first = end = 0;
}

static void send_burst(void)
{
	for (u32 n = 0; n < burst && first != end; n++)
		port_out(UART_DATA, queue[first++ % QUEUE]);
}

/* The interrupt comes at once if the device can send by the time that it is enabled. */
void serial_send(void)
{
	while (first != end && port_in(UART_STATUS) & LSR_CAN_SEND)
		send_burst();
	begin_anew();
	enable((u8)((enabled & ~IER_CAN_SEND) | (first != end ? IER_CAN_SEND : 0)));
}

/* ---- From the line ---- */

bool serial_receive(u8 *byte)
{
	if (!present || !(port_in(UART_STATUS) & LSR_RECEIVED))
		return false;
	*byte = port_in(UART_DATA);
	return true;
}

void serial_listen(bool listen)
{
	enable((u8)((enabled & ~IER_RECEIVED) | (listen && present ? IER_RECEIVED : 0)));
}

/* Causes that nobody enabled are read, which takes them back. */
bool serial_cause(bool *pending)
{
	u8 cause = port_in(UART_CAUSE);

	*pending = present && !(cause & IIR_NONE);
	if (!*pending)
		return false;
	switch (cause & IIR_CAUSE) {
	case CAUSE_RECEIVED:
	case CAUSE_TIMEOUT: return true;
	case CAUSE_CAN_SEND: serial_send(); return false;
	case CAUSE_STATUS: port_in(UART_STATUS); return false;
	case CAUSE_MODEM: port_in(UART_MODEM_STATUS); return false;
	default: return false;
	}
}
