/*
 * The records of files and folders, in the first blocks of the store.  Each has a sum over all of
 * its words: one that does not fit was damaged.  A record is written, then sealed.
 */
#ifndef USER_RAMFS_NODE_H
#define USER_RAMFS_NODE_H

#include "user/lib/protocol/fs.h"
#include "user/ramfs/blocks.h"

/* A block and the sum of what is in it; block 0: zeros only, and no block. */
struct entry {
	u32 block, sum;
};

enum node_kind { NODE_FREE, NODE_FILE, NODE_FOLDER };

struct node {
	u32 sum; /* of the words behind it */
	u32 kind;
	u32 parent;  /* NODE_NOWHERE: unlinked, but somebody has it open */
	u32 size;    /* of a file, bytes */
	u32 version; /* of the top: the last one that was given */
	u32 changed; /* seconds since 1970 */
	/* Bytes of the boot archive, until the file is written: where they begin there. */
	u32 archived, place;
	/* Else its bytes: `levels` of blocks full of entries, then blocks of bytes (content.h). */
	u32 levels;
	struct entry top;
	u32 unused[5];
	char name[FS_NAME_MAX];
};

#define NODES (NODE_BLOCKS * BLOCK / sizeof(struct node))
#define NODE_TOP 0u
#define NODE_NONE 0xFFFFFFFFu
#define NODE_NOWHERE 0xFFFFFFFEu

/* What new versions are dated with: seconds since 1970. */
extern u32 node_time;

struct node *node_at(u32 number);
/* Forgets all records and makes the topmost folder. */
void nodes_format(void);
/*
 * After a restart, records that are damaged being forgotten: versions go on from the latest, and
 * the topmost folder is there again if it was lost.
 */
void nodes_resume(void);

/* A new record in this folder, sealed.  ENOSPC, or 0 and its number. */
u32 node_new(u32 kind, u32 parent, const char *name, u32 length, u32 *number);
void node_forget(u32 number);
void node_seal(struct node *node);
bool node_is_whole(const struct node *node);
/* Its bytes, or what is in it, have changed: a new version and time; sealed. */
void node_touch(struct node *node);
void node_rename(struct node *node, u32 parent, const char *name, u32 length);

/* Open files that lead to it: counted anew in each life of the server. */
void node_use(u32 number, int change);
u32 node_users(u32 number);

/* The one of this name in the folder; NODE_NONE. */
u32 node_child(u32 folder, const char *name, u32 length);
/* The entry `index` of the folder; NODE_NONE behind the last one. */
u32 node_entry(u32 folder, u32 index);
u32 node_entries(u32 folder);
void node_tell(u32 number, struct fs_stat *stat);

#endif
