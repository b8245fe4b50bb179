/* The beginning and the end of a program. */
#ifndef USER_LIB_START_H
#define USER_LIB_START_H

#include "lib/compiler.h"
#include "user/lib/exit.h"
#include "user/lib/message.h"

/* What a program defines.  Its result is the status with which it ends. */
int main(int argc, char **argv);

/* As it was called, for its messages; "" if nobody said. */
extern const char *program_name;

/* Called once, first: chooses how the kernel is called; `message` is the first thread's page. */
void runtime_begin(struct message *message);

/* The status of a program whose start-up object is damaged. */
#define STATUS_BAD_START 125

#endif
