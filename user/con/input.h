/* What is typed, at the keyboard or over the serial line: one input, of all processes. */
#ifndef USER_CON_INPUT_H
#define USER_CON_INPUT_H

#include "user/lib/server.h"

/* What the devices hold already is input too. */
void input_begin(void);
void input_serial_interrupt(void);
void input_keyboard_interrupt(void);
/* Once a second: input that nobody reads shall not hide the interrupt key for ever. */
void input_pinged(void);

void input_read(const struct request *request, struct answer *answer);
void input_mode(const struct request *request, struct answer *answer);
void input_front(const struct request *request, struct answer *answer);
void input_interrupted(const struct request *request, struct answer *answer);

#endif
