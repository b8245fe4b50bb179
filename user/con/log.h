/* The kernel's text, which con shows in its place. */
#ifndef USER_CON_LOG_H
#define USER_CON_LOG_H

/* From what the kernel has not shown itself on. */
void log_begin(void);
/* Puts what has come since, as far as there is room. */
void log_show(void);

#endif
