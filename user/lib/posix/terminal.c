/* What con is asked for beside text: see terminal.h. */
#include "user/lib/posix/terminal.h"

#include "user/lib/ask.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/con.h"

#define USUAL_COLUMNS 80u
#define USUAL_ROWS 25u

/* The answer's value; 0: con could not be asked. */
static u32 tell(u32 label, u32 word)
{
	struct ask request = { .label = label, .word = { word }, .again = true };

	return ask(SLOT_CON, &request) ? 0 : request.word0;
}

void terminal_set_raw(bool raw)
{
	if (isatty(STDIN_FILENO))
		tell(CON_MODE, raw ? CON_RAW : CON_LINE);
}

bool terminal_set_front(u32 group) { return tell(CON_FRONT, group); }

void terminal_size(u32 *columns, u32 *rows)
{
	struct ask request = { .label = CON_SIZE, .again = true };
	bool known = !ask(SLOT_CON, &request) && request.word0 && request.word1;

	*columns = known ? request.word0 : USUAL_COLUMNS;
	*rows = known ? request.word1 : USUAL_ROWS;
}

int terminal_key(u32 microseconds)
{
	u8 byte = 0;
	struct ask request = { .label = CON_READ,
		.word = { 1 },
		.place = &byte,
		.room = 1,
		.again = true,
		.timeout = microseconds };
	u32 error;

	if (!isatty(STDIN_FILENO))
		return usleep(microseconds) ? KEY_ERROR : KEY_NONE;
	error = ask(SLOT_CON, &request);
	if (error)
		return error == ETIMEDOUT || error == EAGAIN ? KEY_NONE : KEY_ERROR;
	return request.got ? byte : KEY_ERROR;
}
