/* Linux's system calls, for a 32-bit program without a C library (unistd_32.h has the numbers). */
#ifndef BENCH_LINUX_SYSTEM_CALL_H
#define BENCH_LINUX_SYSTEM_CALL_H

enum {
	SYS_EXIT = 1,
	SYS_FORK = 2,
	SYS_READ = 3,
	SYS_WRITE = 4,
	SYS_OPEN = 5,
	SYS_CLOSE = 6,
	SYS_WAITPID = 7,
	SYS_EXECVE = 11,
	SYS_MOUNT = 21,
	SYS_KILL = 37,
	SYS_PIPE = 42,
	SYS_GETPPID = 64,
	SYS_REBOOT = 88,
	SYS_MUNMAP = 91,
	SYS_FTRUNCATE = 93,
	SYS_IOPL = 110,
	SYS_NANOSLEEP = 162,
	SYS_MMAP2 = 192,
	SYS_SETAFFINITY = 241,
	SYS_EVENTFD = 323,
	SYS_FINIT_MODULE = 350,
	SYS_MEMFD_CREATE = 356,
};

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;

	/* The sixth argument goes in EBP, which is not a register of the compiler's here. */
	__asm__ volatile("pushl %[f]\n\t"
			 "pushl %%ebp\n\t"
			 "movl 4(%%esp), %%ebp\n\t"
			 "int $0x80\n\t"
			 "popl %%ebp\n\t"
			 "addl $4, %%esp"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [f] "m"(f)
			 : "memory", "cc");
	return result;
}
#define syscall(number, a, b, c) syscall6(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static inline unsigned length(const char *text)
{
	unsigned n = 0;

	while (text[n])
		n++;
	return n;
}

static inline void say(const char *text) { syscall(SYS_WRITE, 1, text, length(text)); }

#endif
