/*
 * Processes and descriptors, named and meant as in POSIX.1-2017, without signals.  Functions return
 * -1 and set errno where they fail.  Not safe for two threads at once.
 */
#ifndef USER_LIB_C_UNISTD_H
#define USER_LIB_C_UNISTD_H

#include "lib/types.h"
#include "user/lib/errno.h"

typedef int pid_t;
typedef int ssize_t;
typedef int off_t;

extern int errno;
extern char **environ;

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

ssize_t read(int fd, void *buffer, size_t size);
/* All of it, unless it fails. */
ssize_t write(int fd, const void *buffer, size_t size);
int close(int fd);
int dup(int fd);
int dup2(int from, int to);
int pipe(int fd[2]);
off_t lseek(int fd, off_t offset, int whence);
int ftruncate(int fd, off_t size);
int isatty(int fd);

int chdir(const char *path);
char *getcwd(char *buffer, size_t size);
int unlink(const char *path);
int rmdir(const char *path);
int rename(const char *from, const char *to);

pid_t fork(void);
/* Without '/' in its name a program is looked for in the folders of PATH. */
int execvp(const char *name, char *const argv[]);
/* fork and execvp in one, and cheaper. */
pid_t spawnvp(const char *name, char *const argv[]);
__attribute__((noreturn)) void _exit(int status);
pid_t getpid(void);
pid_t getppid(void);
/* Group 0: one named as the process; pid 0: this one. */
int setpgid(pid_t pid, pid_t group);
unsigned sleep(unsigned seconds);
int usleep(unsigned microseconds);
void *sbrk(int bytes);

/*
 * The next option's letter; -1: no more, optind is the first argument; '?': unknown, said, or -?
 * itself, about which nothing is said.
 */
int getopt(int argc, char *const argv[], const char *known);
extern int optind, optopt;
extern char *optarg;

#endif
