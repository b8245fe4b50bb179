/* Between a program and the kernel: see trace.h. */
#include "user/lib/posix/trace.h"

#include "lib/format.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/lib/protocol/proc.h"

#define LINE 256u
#define RESULT 64u

/* trace_entry.asm */
extern void (*trace_kernel)(void);
void trace_entry(void);
void trace_before(const struct result *in);
void trace_after(const struct result *in, const struct result *out);

void (*trace_kernel)(void); /* the way into the kernel that was chosen at the start */

/* The call that is being made.  Its text is made before: the answer takes the message's place. */
static char line[LINE + RESULT];
static u32 length;

/* These calls of its own are not traced, and leave no trace in the message page or errno. */
static void print_line(void)
{
	struct message *message = message_own(), kept = *message;
	int error = errno;

	kernel_entry = trace_kernel;
	write(STDERR_FILENO, line, length);
	kernel_entry = trace_entry;
	errno = error;
	*message = kept;
}

/* What does not return, or in another program, is told before it is done. */
static bool is_last(const struct result *in)
{
	u32 label = TAG_LABEL(in->tag) & ~LABEL_SHORT;

	return (in->error & 0xFFu) == CALL_ipc_call &&
	       (in->error >> 8 & HANDLE_MASK) == SLOT_PROC &&
	       (label == PROC_EXIT || label == PROC_EXEC);
}

void trace_before(const struct result *in)
{
	u32 end = length = trace_text(in, message_own(), line, LINE);

	if (!is_last(in))
		return;
	line[length++] = '\n';
	print_line();
	length = end;
}

/* The label of a server's answer is an error too. */
static u32 error_of(const struct result *in, const struct result *out)
{
	bool asked = (in->error & 0xFFu) == CALL_ipc_call;

	return out->error || !asked ? out->error : TAG_LABEL(out->tag) & ~LABEL_SHORT;
}

void trace_after(const struct result *in, const struct result *out)
{
	u32 error = error_of(in, out);

	if (error)
		length += (u32)snprintf(line + length, RESULT, " = %s\n", error_name(error));
	else
		length +=
			(u32)snprintf(line + length, RESULT, " = %u, %u\n", out->word0, out->word1);
	print_line();
}

void trace_begin(void)
{
	trace_kernel = kernel_entry;
	kernel_entry = trace_entry;
}
