/* Two devices, one text: see output.h. */
#include "user/con/output.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/con/device/ports.h"
#include "user/con/device/serial.h"
#include "user/con/screen.h"
#include "user/lib/protocol/root.h"

/* CRT controller: index and data port, and its registers for the cursor. */
#define CRTC_INDEX 0x3D4u
#define CRTC_DATA 0x3D5u
#define CRTC_CURSOR_START 0x0Au /* with a bit that hides it */
#define CRTC_CURSOR_HIGH 0x0Eu
#define CRTC_CURSOR_LOW 0x0Fu
#define CURSOR_HIDDEN 0x20u

/* Bytes of the serial line's queue that only an echo may take. */
#define ECHO_ROOM 0x1000u

static struct screen screen;
static u32 cursor_shown; /* place, with CURSOR_HIDDEN << 16 */

static u8 crtc_in(u32 number)
{
	port_out(CRTC_INDEX, number);
	return port_in(CRTC_DATA);
}

static void crtc_out(u32 number, u32 value)
{
	port_out(CRTC_INDEX, number);
	port_out(CRTC_DATA, value);
}

/* ---- The screen ---- */

static u16 *device_row(u32 row) { return (u16 *)(uintptr_t)CON_SCREEN + row * SCREEN_COLUMNS; }

static void show_rows(void)
{
	for (u32 row = 0; screen.changed; row++) {
		if (screen.changed & 1u << row)
			memcpy(device_row(row), screen.cell[row], sizeof(screen.cell[row]));
		screen.changed &= ~(1u << row);
	}
}

static void show_cursor(void)
{
	u32 at = screen.row * SCREEN_COLUMNS + screen.column;
	u32 hidden = screen.hidden ? CURSOR_HIDDEN : 0;

	if (cursor_shown == (at | hidden << 16))
		return;
	cursor_shown = at | hidden << 16;
	crtc_out(CRTC_CURSOR_START, (crtc_in(CRTC_CURSOR_START) & ~CURSOR_HIDDEN) | hidden);
	crtc_out(CRTC_CURSOR_HIGH, at >> 8);
	crtc_out(CRTC_CURSOR_LOW, at);
}

static void read_screen(void)
{
	u32 at = (u32)crtc_in(CRTC_CURSOR_HIGH) << 8 | crtc_in(CRTC_CURSOR_LOW);

	screen_init(&screen);
	memcpy(screen.cell, device_row(0), sizeof(screen.cell));
	screen.changed = 0;
	at = MIN(at, SCREEN_ROWS * SCREEN_COLUMNS - 1);
	screen.row = at / SCREEN_COLUMNS;
	screen.column = at % SCREEN_COLUMNS;
	cursor_shown = at;
}

void output_begin(void)
{
	read_screen();
	serial_begin();
}

/* ---- Both ---- */

/* Each byte may become two. */
u32 output_room(void)
{
	u32 room = serial_room() / 2;

	return room > ECHO_ROOM ? room - ECHO_ROOM : 0;
}

static void put(char c)
{
	serial_put((u8)c);
	screen_put(&screen, &c, 1);
}

void output_put(const char *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			put('\r');
		put(bytes[i]);
	}
}

void output_show(void)
{
	serial_send();
	show_rows();
	show_cursor();
}

bool output_is_shown(void) { return serial_all_sent(); }
