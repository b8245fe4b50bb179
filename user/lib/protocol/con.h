/* Messages to con.  All processes share the one console. */
#ifndef USER_LIB_PROTOCOL_CON_H
#define USER_LIB_PROTOCOL_CON_H

#include "user/lib/protocol/protocol.h"

enum con_request {
	/*
	 * Word 0 = bytes.  Waits for a line (mode line) or for any byte (mode raw).  Answer: word 0
	 * = bytes, which the string has; 0: end of file (Ctrl-D on an empty line).  EAGAIN: another
	 * thread of the process waits for the same.
	 */
	CON_READ = 1,
	/* String.  Answer: word 0 = bytes.  EAGAIN: as above. */
	CON_WRITE,
	CON_MODE, /* word 0 = CON_RAW or CON_LINE.  Answer: word 0 = the mode before */
	/*
	 * Word 0 = group that the interrupt key ends; 0: none.  The key that came before, with no
	 * group in front and not in a mode raw that the caller had set, ends this one.  Answer:
	 * word 0 = 1 if the key came while the group before was in front, else 0.
	 */
	CON_FRONT,
	CON_SIZE, /* Answer: word 0 = columns, word 1 = rows */
	/* proc only.  Answer: word 0 = the group in front when the interrupt key came, else 0. */
	CON_INTERRUPTED,
};

/* At the interrupt key con raises this bit of proc's notification, to which this slot leads. */
#define CON_INTERRUPT_SLOT 48u
#define CON_INTERRUPT_BIT 31u
/*
 * root raises this bit of con's notification before it ends the machine; con answers by its own bit
 * of root's, as to a ping, when all that was written has left.
 */
#define CON_DRAIN_BIT 29u

#define CON_LINE 0u
#define CON_RAW 1u

#endif
