/* Boot modules: files that the boot loader put into memory beside the kernel. */
#ifndef MM_MODULES_H
#define MM_MODULES_H

#include "arch/x86/firmware/bootinfo.h"
#include "lib/list.h"

struct module {
	char name[BOOT_NAME_SIZE];
	u64 size; /* bytes */
	/* in order, by page->list; the first byte is the first page's, at `offset` */
	struct list pages;
	u32 offset;
	u32 npages;
	u32 sum;   /* of all its bytes, when it was taken */
	bool high; /* moved to high memory, or loaded there */
};
extern struct module modules[BOOT_MAX_MODULES];
extern u32 nmodules;

/*
 * Step 6, when both zones stand: moves modules that lie low to high memory as far as there is room,
 * and frees where they lay.  Boot CPU.
 */
void modules_take(void);

#endif
