/*
 * The 8042: see controller.h.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller".
 */
#include "user/con/device/controller.h"

#include "lib/compiler.h"
#include "user/con/device/ports.h"

#define DATA 0x60u
#define STATUS 0x64u  /* read */
#define COMMAND 0x64u /* written */

#define STATUS_OUTPUT 0x01u /* a byte for us */
#define STATUS_INPUT 0x02u  /* one of ours is not taken yet */
#define STATUS_MOUSE 0x20u  /* the byte is the auxiliary device's */
#define NO_DEVICE 0xFFu

#define COMMAND_READ_MODE 0x20u
#define COMMAND_WRITE_MODE 0x60u
#define COMMAND_ENABLE 0xAEu
#define MODE_INTERRUPT 0x01u
#define MODE_DISABLED 0x10u
#define MODE_TRANSLATE 0x40u /* what the keyboard sends (set 2) into set 1 */

/* A controller takes a byte within some milliseconds; a port access is about 1 us. */
#define POLLS 20000u
/* More than any controller holds. */
#define BYTES_HELD 32u

static bool wait_until(u8 bits, u8 value)
{
	for (u32 polls = POLLS; polls; polls--)
		if ((port_in(STATUS) & bits) == value)
			return true;
	return false;
}

static void write(u32 port, u32 value)
{
	if (wait_until(STATUS_INPUT, 0))
		port_out(port, value);
}

static void empty(void)
{
	for (u32 i = 0; i < BYTES_HELD && port_in(STATUS) & STATUS_OUTPUT; i++)
		port_in(DATA);
}

static u8 read_mode(void)
{
	write(COMMAND, COMMAND_READ_MODE);
	return wait_until(STATUS_OUTPUT, STATUS_OUTPUT) ? port_in(DATA) : MODE_TRANSLATE;
}

void controller_begin(void)
{
	u8 mode;

	if (port_in(STATUS) == NO_DEVICE)
		return;
	write(COMMAND, COMMAND_ENABLE);
	empty();
	mode = (read_mode() & (u8)~MODE_DISABLED) | MODE_INTERRUPT | MODE_TRANSLATE;
	write(COMMAND, COMMAND_WRITE_MODE);
	write(DATA, mode);
	empty();
}

bool controller_receive(u8 *byte)
{
	u8 status;

	do {
		status = port_in(STATUS);
		if (!(status & STATUS_OUTPUT) || status == NO_DEVICE)
			return false;
		*byte = port_in(DATA);
	} while (status & STATUS_MOUSE);
	return true;
}
