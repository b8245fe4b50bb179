/*
 * /init of the measured Linux: a static 32-bit program without a C library.  It starts the other
 * CPUs, then loads the module, which measures and ends the machine.  Words of the kernel's command
 * line: tag= and ncpu=.
 *
 * Under -icount only PAUSE or HLT hands QEMU's turn to the next CPU, and Linux waits for a starting
 * CPU in a loop without either: so it is booted with maxcpus=1, and the CPUs are started from here
 * while a child on CPU 0 does nothing but PAUSE.
 */
enum {
	SYS_EXIT = 1,
	SYS_FORK = 2,
	SYS_READ = 3,
	SYS_WRITE = 4,
	SYS_OPEN = 5,
	SYS_CLOSE = 6,
	SYS_WAITPID = 7,
	SYS_MOUNT = 21,
	SYS_KILL = 37,
	SYS_REBOOT = 88,
	SYS_SETAFFINITY = 241,
	SYS_FINIT_MODULE = 350,
};
#define O_WRONLY 1
#define SIGKILL 9

static char command_line[2048];

static long syscall5(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}
#define syscall(number, a, b, c) syscall5(number, (long)(a), (long)(b), (long)(c), 0, 0)

/* GCC may turn loops into these. */
void *memset(void *to, int byte, unsigned n);
void *memset(void *to, int byte, unsigned n)
{
	for (char *p = to; n; n--)
		*p++ = (char)byte;
	return to;
}

static unsigned length(const char *text)
{
	unsigned n = 0;

	while (text[n])
		n++;
	return n;
}

static void say(const char *text) { syscall(SYS_WRITE, 1, text, length(text)); }

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

static void mount(const char *what, const char *where)
{
	syscall5(SYS_MOUNT, (long)what, (long)where, (long)what, 0, 0);
}

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

void _start(void);
__attribute__((force_align_arg_pointer)) void _start(void)
{
	unsigned cpu0 = 1;

	mount("proc", "/proc");
	mount("sysfs", "/sys");
	read_command_line();
	syscall(SYS_SETAFFINITY, 0, sizeof(cpu0), &cpu0);
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
