/* What errors mean, for people. */
#include "lib/compiler.h"
#include "user/lib/c/stdio.h"
#include "user/lib/errno.h"

static const struct {
	int error;
	const char *text;
} texts[] = {
	{ 0, "no error" },
	{ EPERM, "not allowed" },
	{ ENOENT, "no such file or folder" },
	{ ESRCH, "no such process" },
	{ EIO, "the server died at it" },
	{ E2BIG, "too many or too long arguments" },
	{ ENOEXEC, "not a program" },
	{ EBADF, "no such open file" },
	{ ECHILD, "no child to wait for" },
	{ EAGAIN, "try again" },
	{ ENOMEM, "no memory" },
	{ EACCES, "not open for that" },
	{ EFAULT, "bad address" },
	{ EBUSY, "in use" },
	{ EEXIST, "exists already" },
	{ ENOTDIR, "not a folder" },
	{ EISDIR, "is a folder" },
	{ EINVAL, "invalid argument" },
	{ EMFILE, "too many open files" },
	{ EFBIG, "file too large" },
	{ ENOSPC, "no room for files" },
	{ ESPIPE, "has no position" },
	{ EPIPE, "nobody reads it" },
	{ ERANGE, "number too large" },
	{ ENAMETOOLONG, "name too long" },
	{ ENOSYS, "no such request" },
	{ ENOTEMPTY, "folder is not empty" },
	{ EMSGSIZE, "message of a wrong size" },
	{ ETIMEDOUT, "no answer in time" },
	{ EQUOTA, "over the limit of its memory" },
	{ EDEAD, "partner is gone" },
};

const char *strerror(int error)
{
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "unknown error";
}
