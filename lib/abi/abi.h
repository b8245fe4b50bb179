/*
 * What kernel and programs agree on, beside the table of calls (calls.h): registers, tags, the
 * message page, flags, and the structs that sys_info fills.
 *
 * In: eax = number of the call (8 bits), first and second handle (12 bits each); esi, edi, ebp, ebx
 * = arguments; ecx = stack pointer and edx = address to return to, for sysenter and for int 0x80.
 * Out: eax = error (0: none), ebx = badge, esi = tag, edi, ebp = words; what a call does not return
 * is 0.  EFLAGS = 0x202, ds = es = flat user data, fs = gs = 0.
 */
#ifndef LIB_ABI_H
#define LIB_ABI_H

#include "lib/errno.h"
#include "lib/types.h"

#define HANDLE_BITS 12u
#define HANDLE_MASK 0xFFFu
#define HANDLES_MAX 1024u /* slots of a table: 256 to this, in steps of 256 */

/* Time-outs: microseconds, rounded up to ticks. */
#define TIMEOUT_NEVER 0xFFFFFFFFu
#define TIMEOUT_POLL 0u

/* Rights of a handle. */
#define RIGHT_SEND 1u
#define RIGHT_RECEIVE 2u
#define RIGHT_MANAGE 4u /* also: destroy */
#define RIGHT_GRANT 8u  /* may leave the task */
#define RIGHTS_ALL 15u

/* ---- Messages ---- */

/* A tag: label 16 bits, words 6, items 2, flags 8. */
#define TAG(label, words, items) ((label) | (words) << 16 | (items) << 22)
#define TAG_LABEL(tag) ((tag)&0xFFFFu)
#define TAG_WORDS(tag) (((tag) >> 16) & 63u)
#define TAG_ITEMS(tag) (((tag) >> 22) & 3u)
#define TAG_FLAGS 0xFF000000u
/* Set by the kernel alone; EINVAL from a sender. */
#define TAG_CALL (1u << 24)  /* a reply is owed; its handle is in the slot */
#define TAG_NOTE (1u << 25)  /* no message: bits of the bound notification, in word 0 */
#define TAG_FAULT (1u << 26) /* from the kernel, for a thread that has faulted */
#define TAG_REPLY (1u << 27) /* with an error of ipc_reply_recv: it was the answer that failed */

#define MESSAGE_WORDS 62u /* the first two travel in registers */
#define MESSAGE_ITEMS 2u
#define ITEM_PAGES_MAX 64u
#define STRING_MAX 0x400000u

enum item_kind { ITEM_NONE, ITEM_MAP, ITEM_GRANT, ITEM_HANDLE, ITEM_STRING };

/*
 * What is sent.  MAP, GRANT: at = address | prot, size = pages.  HANDLE: at = handle, size =
 * rights, badge.  STRING: at = address, size = bytes.
 */
struct message_item {
	u32 kind, at, size, badge;
};
/*
 * Where it is taken.  MAP, GRANT: at = address, size = most pages.  HANDLE: at = slot.  STRING: at
 * = address, size = most bytes.  `got`: pages, 1 or bytes that came.
 */
struct message_place {
	u32 kind, at, size, got;
};
/* At the start of each thread's message page. */
struct message {
	u32 word[MESSAGE_WORDS]; /* 0 and 1 are not used: registers */
	struct message_item item[MESSAGE_ITEMS];
	struct message_place place[MESSAGE_ITEMS];
	u32 places; /* how many of them are open */
};

/* Fault messages: label = vector | access << 8; word 0 = address, word 1 = eip. */
#define FAULT_VECTOR(label) ((label)&0xFFu)
#define FAULT_PRESENT(label) (((label) >> 8) & 1u) /* the page is there, without the right */
#define FAULT_WRITE(label) (((label) >> 8) & 2u)
#define FAULT_FETCH(label) (((label) >> 8) & 16u)

/* ---- Flags ---- */

/*
 * obj_create: esi = kind | max prio << 8 | bit << 16; ebp = pager | notification << 12 (handles).
 */
enum object_kind {
	KIND_NONE,
	KIND_TASK,
	KIND_THREAD,
	KIND_ENDPOINT,
	KIND_NOTIFICATION,
	KIND_REPLY,
	KIND_SYSTEM
};

#define DROP_DESTROY 1u

/* thread_create: esi = address of the message page | prio | cpu << 5. */
#define PRIO_BITS 5u
#define PRIO_MASK 31u

enum thread_op {
	/* `other`: none, or a thread in a call, from which the new one returns; a handle to it, or
	   the reply handle of its call. */
	THREAD_START,
	THREAD_STOP, /* returns when the thread cannot return to user mode */
	THREAD_PRIO, /* word0 */
	THREAD_CPU,  /* word0 */
	/* struct registers in the caller's message page; without a thread of `other`, the thread in
	   a call, as of START. */
	THREAD_GETREGS,
	THREAD_SETREGS,
	THREAD_BIND, /* `other` a notification, or none */
	THREAD_YIELD,
	THREAD_OPS
};

struct registers {
	u32 edi, esi, ebp, ebx, edx, ecx, eax, eip, esp, eflags;
};

/* Low bits of an address: rights of the mapping. */
#define PROT_READ 1u
#define PROT_WRITE 2u
#define PROT_EXEC 4u
#define PROT_MASK 7u
#define ALLOC_PHYS 8u
/* mem_map, low bits of the source's address. */
#define MAP_MAP 0u
#define MAP_GRANT 1u
#define MAP_COPY 2u
#define MAP_SHARE 3u
#define MAP_PROTECT 4u
#define MAP_OP_MASK 7u
#define MAP_REPLACE 8u
/* mem_unmap, low bits of the address. */
#define UNMAP_REVOKE 1u

#define RANGE_MAX 1024u     /* pages */
#define USER_START 0x10000u /* lowest address of a range */
#define USER_END 0xC0000000u

enum irq_op { IRQ_ATTACH, IRQ_DETACH, IRQ_ACK };
#define IRQS 16u        /* the lines of the PC's ISA bus */
#define IO_PORTS 0x400u /* io_grant: ports 0 to 0x3FF */
enum sys_op { SYS_PRINT, SYS_EXIT, SYS_CLOCK };
#define PRINT_MAX 1024u /* bytes in one SYS_PRINT: word0 = address, word1 = length */

/* ---- What sys_info tells ---- */

/*
 * SYSTEM: one struct info_system.  TASK (handle: a task, 0 = own): one struct info_task.  MAPS:
 * structs info_map, from the address `from` on.  THREAD: one struct info_thread.  TASKS (system,
 * send): structs info_task, from the number `from` on.  CACHES: structs info_cache, from number
 * `from` on, of the kernel's objects.  LOG (system, send): one struct info_log, with text of the
 * console from the byte number `from` on; the last 16 KiB are kept.  What a task that has
 * the serial line reads counts as shown.  edi returns the bytes filled in.
 */
enum info_kind {
	INFO_SYSTEM,
	INFO_TASK,
	INFO_MAPS,
	INFO_THREAD,
	INFO_TASKS,
	INFO_CACHES,
	INFO_LOG,
	INFO_KINDS
};

#define INFO_ZONES 3u
#define INFO_ORDERS 11u
#define INFO_CPUS 32u
#define INFO_STACK_PAGES 2u

struct info_system {
	u64 microseconds; /* since boot */
	u32 cpus;
	struct {
		u32 managed, free; /* pages */
		u32 cached;        /* in the lists of the CPUs, not counted as free */
		u32 blocks[INFO_ORDERS];
	} zone[INFO_ZONES]; /* DMA, NORMAL, HIGHMEM */
	struct {
		u32 slots, in_use, maps, new_maps, revivals, flushes, sleeps;
	} pkmap;
	struct {
		u32 switches, ticks, halts, ipis, rounds, full_flushes, cr3_loads, invlpgs;
		u32 pgds, pmds, ptes; /* in its quicklists */
		u32 stacks;           /* kernel stacks that it keeps ready, of INFO_STACK_PAGES */
	} cpu[INFO_CPUS];
};

/* Objects of one kind ("task", "endpoint", "mapping"), or of one size ("kmalloc-64"). */
struct info_cache {
	char name[16];
	u32 size;          /* bytes of an object */
	u32 in_use, pages; /* objects; pages that they are cut from */
};

struct info_task {
	u32 number; /* in the order of creation */
	u32 badge;  /* of its pager's handle */
	u32 threads;
	u32 used, limit; /* bytes */
	u32 pages, tables;
};

struct info_map {
	u32 address, prot;
	u32 mappings; /* of the frame; 0: no frame with an owner */
	u32 owned;    /* 1: the task is charged for the frame */
};

struct info_thread {
	u32 task; /* its number */
	u32 started, stopped;
	/* 0: runs, or could.  In a call: 1 SEND, 2 REPLY, 3 RECV, 4 NOTE, 5 ACTIVE, 6 PASSIVE. */
	u32 waiting;
	u32 priority, cpu;
};

struct info_log {
	u32 first;   /* number of the first byte: later than `from` if that has gone */
	u32 unshown; /* number of the first byte that is on no device yet */
	char text[]; /* up to the end of the buffer, or of what there is */
};

/* ---- The first task ---- */

/* Slots that root starts with. */
#define ROOT_TASK 1u
#define ROOT_THREAD 2u
#define ROOT_SYSTEM 3u
#define START_PAGE 0x10000u
#define START_MODULES 8u

/* Read-only at START_PAGE. */
struct start_page {
	u32 modules;
	struct {
		u32 address, size; /* writable, the first byte at `address` */
		char name[56];
	} module[START_MODULES];
	u64 wall_clock; /* seconds since 1970 at boot; 0: not known */
	u64 ticks;      /* of the time-stamp counter when step 8 was over */
	u32 cpus;
	u32 message; /* address of the first thread's message page */
	u32 exit;    /* 1: the machine ends with root (option exit) */
	char command_line[2048];
};

#endif
