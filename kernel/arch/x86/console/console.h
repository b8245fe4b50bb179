/*
 * The console: serial line (COM1, 115200 8N1) and VGA text screen show the same.
 *
 * printk works in every context from step 0 on.  A line is not torn by other CPUs: the console's
 * lock is held for one call (after a panic it is no longer waited for).
 */
#ifndef ARCH_X86_CONSOLE_H
#define ARCH_X86_CONSOLE_H

#include "lib/compiler.h"
#include "lib/format.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/*
 * Messages above this level are left out; `loglevel=` sets it.  Self-test output and panics always
 * show.
 */
extern u32 console_loglevel;

void console_init(void);
void vprintk(enum log_level level, const char *fmt, va_list args);
void printk(enum log_level level, const char *fmt, ...) __printf_like(2, 3);
/* Always shown, whatever the level. */
void console_printf(const char *fmt, ...) __printf_like(1, 2);
/* Bytes as they are. */
void console_write(const char *bytes, u32 n);
void console_vprintf(const char *fmt, va_list args);
/*
 * The last 16 KiB of what was shown.  Bytes are numbered from the boot on: the first one from
 * `number` on that is, or will be, there; up to n bytes from there, 0 if they have gone or are yet
 * to come.
 */
u32 console_log_first(u32 number);
u32 console_log_read(u32 number, char *to, u32 n);
/* From now on nobody waits for the console's lock: panic, with the other CPUs stopped. */
void console_break_lock(void);

#define pr_err(...) printk(LOG_ERROR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARN, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

#endif
