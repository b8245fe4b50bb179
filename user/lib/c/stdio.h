/*
 * Of <stdio.h>, ISO C.  Conversions: lib/format.h.  Streams have a buffer each, but for stderr and
 * what goes to the kernel's console.  On the console lines are written at their ends, and stdout
 * before stdin is read.  A stream is read or written, never both: there is no mode with '+'.
 */
#ifndef USER_LIB_C_STDIO_H
#define USER_LIB_C_STDIO_H

#include "lib/format.h"
#include "user/lib/print.h"

#define EOF (-1)
#define BUFSIZ 4096

typedef struct stream FILE;
extern FILE *const stdin, *const stdout, *const stderr;

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *stream);
/* NULL: all of them. */
int fflush(FILE *stream);
int fgetc(FILE *stream);
char *fgets(char *line, int size, FILE *stream);
/*
 * The next line without its end, however long, in a block that the stream keeps; NULL at the end.
 * Needs a heap.
 */
char *fgetline(FILE *stream, size_t *length);
size_t fread(void *buffer, size_t size, size_t count, FILE *stream);
size_t fwrite(const void *buffer, size_t size, size_t count, FILE *stream);
int fputc(int c, FILE *stream);
int fputs(const char *text, FILE *stream);
int puts(const char *text);
int putchar(int c);
int getchar(void);
int fprintf(FILE *stream, const char *fmt, ...) __printf_like(2, 3);
int vfprintf(FILE *stream, const char *fmt, va_list args);
int fileno(FILE *stream);
int ferror(FILE *stream);
int feof(FILE *stream);
/* To stderr: text, ": ", the meaning of errno. */
void perror(const char *text);
const char *strerror(int error);

#endif
