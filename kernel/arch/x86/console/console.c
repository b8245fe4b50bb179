/* The console: formats once, writes to both devices and the log. */
#include "arch/x86/console/console.h"

#include "arch/x86/console/log.h"
#include "arch/x86/console/serial.h"
#include "arch/x86/console/vga.h"
#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"

u32 console_loglevel = LOG_INFO;

/*
 * A bare lock, not a struct spinlock: the checks of those end in a panic that prints, and a panic
 * must be able to print whatever lock operation it comes from.
 */
static atomic_t taken = ATOMIC_INIT(0);
static bool broken;

/* While it waits, interrupts are as the caller had them.  Returns them for unlock(). */
static u32 lock(void)
{
	u32 flags = irq_save();

	while (!READ_ONCE(broken) && atomic_xchg(&taken, 1)) {
		irq_restore(flags);
		while (atomic_read(&taken) && !READ_ONCE(broken))
			cpu_relax();
		irq_disable();
	}
	return flags;
}

static void unlock(u32 flags)
{
	smp_wmb();
	atomic_set(&taken, 0);
	irq_restore(flags);
}

void console_break_lock(void) { WRITE_ONCE(broken, true); }

static bool is_control(char c) { return c == '\n' || c == '\r' || c == '\t' || c == '\b'; }

static void console_put(struct sink *sink, char c)
{
	(void)sink;
	if ((c < ' ' || c > '~') && !is_control(c))
		c = '?';
	if (c == '\n')
		serial_put('\r');
	serial_put(c);
	vga_put(c);
	log_put(c);
}

void console_init(void)
{
	serial_init();
	vga_init();
}

void console_vprintf(const char *fmt, va_list args)
{
	struct sink sink = { console_put };
	u32 flags = lock();

	vformat(&sink, fmt, args);
	unlock(flags);
}

void console_write(const char *bytes, u32 n)
{
	struct sink sink = { console_put };
	u32 flags = lock();

	for (u32 i = 0; i < n; i++)
		console_put(&sink, bytes[i]);
	unlock(flags);
}

u32 console_log_first(u32 number)
{
	u32 flags = lock(), first = log_first(number);

	unlock(flags);
	return first;
}

u32 console_log_read(u32 number, char *to, u32 n)
{
	u32 flags = lock(), copied = log_read(number, to, n);

	unlock(flags);
	return copied;
}

void console_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	console_vprintf(fmt, args);
	va_end(args);
}

void vprintk(enum log_level level, const char *fmt, va_list args)
{
	if (level <= console_loglevel)
		console_vprintf(fmt, args);
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(level, fmt, args);
	va_end(args);
}
