/* Starts a program of the archive in a task of its own. */
#ifndef USER_ROOT_LAUNCH_H
#define USER_ROOT_LAUNCH_H

#include "lib/elf.h"
#include "user/root/command.h"

/* Fills `program`.  False, after a message, if it cannot be started; then nothing is left. */
bool launch(const struct command *command, struct elf_program *program);

#endif
