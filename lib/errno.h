/*
 * Errors: functions return them negative, system calls positive.  The numbers are those of POSIX
 * systems where the meaning is the same; EBADH, ENOSLOT, EDEAD and EQUOTA are ours.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H
#define EPERM 1       /* the handle lacks the right */
#define E2BIG 7       /* too long for what holds it */
#define EBADH 9       /* no handle there, or one to an object of another kind */
#define EAGAIN 11     /* nobody is waiting, and the time-out is 0 */
#define ENOMEM 12     /* no memory in the machine */
#define EFAULT 14     /* no page there, or one without the right */
#define EBUSY 16      /* somebody else has it */
#define EEXIST 17     /* the place is taken */
#define EINVAL 22     /* an argument out of range, or a reserved bit */
#define ENOSLOT 24    /* the slot for a handle is taken, or there is none */
#define EMSGSIZE 90   /* sender and receiver disagree on items or sizes */
#define ETIMEDOUT 110 /* the time-out is over */
#define EQUOTA 122    /* the task's limit */
#define EDEAD 130     /* the object, or the partner, is gone */
#endif
