/*
 * From two devices to one line: see input.h.
 *
 * When as much is typed ahead as there is room for, the serial line's bytes are left in the device,
 * whose other side waits.  If nobody has read for two pings then, they are taken and refused, so
 * that the interrupt key among them is found.
 */
#include "user/con/input.h"

#include "user/con/device/controller.h"
#include "user/con/device/serial.h"
#include "user/con/keyboard.h"
#include "user/con/line.h"
#include "user/con/output.h"
#include "user/con/readers.h"
#include "user/lib/protocol/con.h"

/* Of one interrupt; more than any device has. */
#define CAUSES 1000u

static struct line line = { .echo = output_put, .interrupts = true };
static struct keyboard keyboard;
static u32 front;       /* group that the interrupt key ends, 0: none */
static u32 interrupted; /* the one in front when the key came, until proc asks */
/*
 * The shell is who named the front last.  At its prompt, in its own mode raw, the key is a byte; if
 * it comes at another time before there is a front, the shell is about to name one: it was early.
 */
static u32 shell, raw_by;
static bool early;
static bool pressed; /* since this group came to the front */
static bool stuck;   /* no room, and nobody has read since the last ping */
static bool refusing;

static void interrupt(void)
{
	early = false;
	pressed = true;
	interrupted = front;
	notify(CON_INTERRUPT_SLOT, 1u << CON_INTERRUPT_BIT);
}

static void type(u8 byte)
{
	if (!line_put(&line, byte))
		return;
	early = true;
	if (front)
		interrupt();
}

static bool is_at_prompt(void) { return !front && line.raw && raw_by == shell; }

/* After a change of front or mode. */
static void state_changed(void)
{
	line.interrupts = !is_at_prompt();
	early &= line.interrupts;
	if (early && front)
		interrupt();
}

static bool takes_input(void) { return refusing || line_has_room(&line); }

static void take_serial(void)
{
	u8 byte;

	while (takes_input() && serial_receive(&byte))
		type(byte);
	serial_listen(takes_input());
}

static void take_keyboard(void)
{
	char typed[KEYBOARD_TYPED];
	u8 code;

	while (controller_receive(&code)) {
		u32 n = keyboard_take(&keyboard, code, typed);

		for (u32 i = 0; i < n; i++)
			type((u8)typed[i]);
	}
}

/*
 * At the prompt only the shell and the first process are served, so that no program in the
 * background takes keys.  The first process is served always: any program may say that it is the
 * shell.  Where a reader has made room, input is taken again.
 */
static void serve_readers(void)
{
	if (!readers_serve(&line, is_at_prompt() ? shell : 0))
		return;
	stuck = refusing = false;
	serial_listen(takes_input());
}

void input_begin(void)
{
	take_keyboard();
	controller_begin();
	take_serial();
}

void input_serial_interrupt(void)
{
	bool pending = true;

	for (u32 i = 0; i < CAUSES && pending; i++)
		if (serial_cause(&pending))
			take_serial();
	serve_readers();
}

void input_keyboard_interrupt(void)
{
	take_keyboard();
	serve_readers();
}

void input_pinged(void)
{
	if (line_has_room(&line)) {
		stuck = refusing = false;
		return;
	}
	refusing = stuck;
	stuck = true;
	take_serial();
}

void input_read(const struct request *request, struct answer *answer)
{
	readers_add(request, answer);
	serve_readers();
}

void input_mode(const struct request *request, struct answer *answer)
{
	if (request->word[0] > CON_RAW) {
		answer->error = EINVAL;
		return;
	}
	answer->word0 = line.raw ? CON_RAW : CON_LINE;
	raw_by = request->badge;
	early |= line_set_raw(&line, request->word[0] == CON_RAW);
	state_changed();
	serve_readers();
}

void input_front(const struct request *request, struct answer *answer)
{
	answer->word0 = pressed;
	pressed = false;
	shell = request->badge;
	front = request->word[0];
	state_changed();
	serve_readers();
}

void input_interrupted(const struct request *request, struct answer *answer)
{
	if (!is_from_server(request)) {
		answer->error = EPERM;
		return;
	}
	answer->word0 = interrupted;
	interrupted = 0;
}
