/*
 * /init of the measured Linux: a static 32-bit program without a C library.  With measure=programs
 * it measures what programs pay (programs.h) and ends the machine; else it starts the other CPUs,
 * then loads the module, which measures the kernel and ends the machine.  The other words of the
 * kernel's command line: tag= and ncpu=.
 *
 * Under -icount only PAUSE or HLT hands QEMU's turn to the next CPU, and Linux waits for a starting
 * CPU in a loop without either: so it is booted with maxcpus=1, and the CPUs are started from here
 * while a child on CPU 0 does nothing but PAUSE.
 */
#include "programs.h"
#include "system_call.h"

#define O_WRONLY 1
#define SIGKILL 9

static char command_line[2048];

/* GCC may turn loops into these. */
void *memset(void *to, int byte, unsigned n);
void *memset(void *to, int byte, unsigned n)
{
	for (char *p = to; n; n--)
		*p++ = (char)byte;
	return to;
}

static char *append(char *to, const char *text)
{
	while (*text && *text != ' ' && *text != '\n')
		*to++ = *text++;
	*to = 0;
	return to;
}

/* What follows `name` on the command line, up to the next blank; "" if it is not there. */
static const char *argument(const char *name)
{
	unsigned n = length(name), i, k;

	for (i = 0; command_line[i]; i++) {
		for (k = 0; k < n && command_line[i + k] == name[k]; k++)
			;
		if (k == n && (!i || command_line[i - 1] == ' '))
			return command_line + i + n;
	}
	return "";
}

static void mount(const char *what, const char *where) { syscall(SYS_MOUNT, what, where, what); }

static void read_command_line(void)
{
	long file = syscall(SYS_OPEN, "/proc/cmdline", 0, 0);

	syscall(SYS_READ, file, command_line, sizeof(command_line) - 1);
	syscall(SYS_CLOSE, file, 0, 0);
}

static void start_cpu(char digit)
{
	char path[] = "/sys/devices/system/cpu/cpuN/online";
	long file;

	path[sizeof(path) - sizeof("N/online")] = digit;
	file = syscall(SYS_OPEN, path, O_WRONLY, 0);
	if (syscall(SYS_WRITE, file, "1", 1) != 1)
		say("INFO a CPU does not start\n");
	syscall(SYS_CLOSE, file, 0, 0);
}

static void start_cpus(char count)
{
	long child = syscall(SYS_FORK, 0, 0, 0);

	while (!child)
		__asm__ volatile("pause");
	for (char digit = '1'; digit < count; digit++)
		start_cpu(digit);
	syscall(SYS_KILL, child, SIGKILL, 0);
	syscall(SYS_WAITPID, child, 0, 0);
}

static void load_module(void)
{
	char parameters[128], *end = append(parameters, "tag=");

	append(end, argument("tag="));
	syscall(SYS_FINIT_MODULE, syscall(SYS_OPEN, "/timing.ko", 0, 0), parameters, 0);
}

/* What the boot has put off until later is done by then; while every CPU halts it costs nothing. */
static void settle(void)
{
	static const long minute[2] = { 60, 0 };

	syscall(SYS_NANOSLEEP, minute, 0, 0);
}

/*
 * Behind the arguments and the environment, each ended by a 0, the kernel left pairs of a type and
 * a value (getauxval(3)).
 */
#define AT_SYSINFO 32
static void (*entry_of_kernel(const unsigned *stack))(void)
{
	const unsigned *word = stack + 1 + *stack + 1;

	while (*word++)
		continue;
	while (*word && *word != AT_SYSINFO)
		word += 2;
	return (void (*)(void))word[1];
}

/* Ends the machine by isa-debug-exit, as the module does. */
static void end_passed(void)
{
	syscall(SYS_IOPL, 3, 0, 0);
	__asm__ volatile("outb %b0, %w1" : : "a"(0x10), "Nd"(0xf4));
}

static void measure_in_programs(const unsigned *stack)
{
	char tag[64];

	append(tag, argument("tag="));
	settle();
	measure_programs(tag, entry_of_kernel(stack));
	say("BENCH-END ");
	say(tag);
	say("\n");
	end_passed();
}

/* Where the kernel begins a program the stack holds the number of its arguments. */
void begin(const unsigned *stack);
void begin(const unsigned *stack)
{
	unsigned cpu0 = 1;

	/* A child of measure_programs(), which ends at once. */
	if (*stack == 3)
		syscall(SYS_EXIT, 0, 0, 0);
	mount("proc", "/proc");
	mount("sysfs", "/sys");
	read_command_line();
	syscall(SYS_SETAFFINITY, 0, sizeof(cpu0), &cpu0);
	if (*argument("measure=") == 'p')
		measure_in_programs(stack);
	if (*argument("ncpu=") > '1')
		start_cpus(*argument("ncpu="));
	load_module();
	say("INFO the module did not end the machine\n");
	/*
	 * The end of /init is a panic of the kernel: with panic=-1 a reset, which ends QEMU
	 * (-no-reboot).
	 */
	syscall(SYS_EXIT, 1, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"movl %esp, %eax\n\t"
	"andl $-16, %esp\n\t"
	"subl $12, %esp\n\t"
	"pushl %eax\n\t"
	"call begin\n\t"
	"hlt");
