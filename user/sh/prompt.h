/* The shell at a terminal. */
#ifndef USER_SH_PROMPT_H
#define USER_SH_PROMPT_H

/* Until the end of input: the status of the last command. */
int prompt_run(void);

#endif
