/*
 * The console: serial line, keyboard and screen (docs/servers.md, user/lib/protocol/con.h).
 *
 * The kernel's own text goes to its log from the moment on that this task may use the serial line's
 * ports; it is shown here.
 */
#include "user/con/device/controller.h"
#include "user/con/device/serial.h"
#include "user/con/input.h"
#include "user/con/log.h"
#include "user/con/output.h"
#include "user/con/screen.h"
#include "user/con/writers.h"
#include "user/lib/protocol/con.h"
#include "user/lib/start.h"

static bool draining; /* root waits until all has left */

static void tell_size(struct answer *answer)
{
	answer->word0 = SCREEN_COLUMNS;
	answer->word1 = SCREEN_ROWS;
}

/* What the kernel has said before comes first. */
static void write(const struct request *request, struct answer *answer)
{
	log_show();
	writers_add(request, answer);
}

static void serve(const struct request *request, struct answer *answer)
{
	switch (request->label) {
	case CON_READ: input_read(request, answer); break;
	case CON_WRITE: write(request, answer); break;
	case CON_MODE: input_mode(request, answer); break;
	case CON_FRONT: input_front(request, answer); break;
	case CON_SIZE: tell_size(answer); break;
	case CON_INTERRUPTED: input_interrupted(request, answer); break;
	default: answer->error = ENOSYS;
	}
	output_show();
}

/* A level line is masked until then; the last con may have died before. */
static void acknowledge(u32 irq) { irq_ctl(0, SLOT_SELF_NOTE, IRQ_ACK, irq, 0); }

static void drain(bool on)
{
	draining = on;
	writers_hold(on);
}

static void show_all(void)
{
	writers_serve();
	log_show();
	output_show();
	if (!draining || !output_is_shown())
		return;
	drain(false);
	notify(SLOT_ROOT_NOTE, ~0u);
}

static void notified(u32 bits)
{
	if (bits & 1u << SERIAL_IRQ) {
		input_serial_interrupt();
		acknowledge(SERIAL_IRQ);
	}
	if (bits & 1u << KEYBOARD_IRQ) {
		input_keyboard_interrupt();
		acknowledge(KEYBOARD_IRQ);
	}
	if (bits & 1u << CON_DRAIN_BIT)
		drain(true);
	show_all();
}

static void pinged(void)
{
	input_pinged();
	show_all();
}

int main(int argc, char **argv)
{
	static const struct server con = {
		.name = "con",
		.takes = TAKES_STRINGS,
		.serve = serve,
		.notified = notified,
		.pinged = pinged,
	};

	(void)argc, (void)argv;
	output_begin();
	log_begin();
	input_begin();
	acknowledge(SERIAL_IRQ);
	acknowledge(KEYBOARD_IRQ);
	show_all();
	server_run(&con);
}
