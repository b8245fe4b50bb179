/*
 * What tasks do to their memory: ranges of pages allocated, mapped, moved, copied.  Sharing and
 * other rights: user_rights.h.  How mappings go: user_revoke.h.
 *
 * Ranges are page aligned and lie in the user part; `n` is at most RANGE_MAX.  Rights are PROT_* of
 * lib/abi/abi.h.  A call goes page by page, with a look for a reschedule between pieces of 64, and
 * stops at the first error: *done says how many pages were done.  All may sleep; they take
 * maps_lock and page_table_lock, and flush afterwards.  The address spaces have accounts.  So it is
 * with user_rights.h and user_revoke.h.
 *
 * Errors: -ENOMEM, -EQUOTA (memory, the account's limit), -EEXIST (the place is taken), -EFAULT (no
 * frame with an owner at the source), -EPERM (the frame is being revoked, is not the source's, or a
 * right cannot be added).
 */
#ifndef MM_USER_MAP_H
#define MM_USER_MAP_H

#include "mm/tables/address_space.h"

struct range {
	struct mm *mm;
	uintptr_t address;
	u32 n; /* pages */
};

/* New pages, zeroed, from high memory first. */
int user_alloc(const struct range *to, u32 prot, u32 *done);
/* Frames of a device, from `pfn` on: they have no owner and cannot be sent on.  Uncached. */
int user_map_device(const struct range *to, u32 prot, pfn_t pfn, u32 *done);
/* Maps the source's frames too, with at most the source's rights. */
int user_map(const struct range *to, const struct range *from, u32 prot, u32 *done);
/* The same, and takes them from the source, which must own them. */
int user_grant(const struct range *to, const struct range *from, u32 prot, u32 *done);
/* New frames with the source's content; `replace`: instead of what is mapped there. */
int user_copy(const struct range *to, const struct range *from, u32 prot, bool replace, u32 *done);

/*
 * The frame at a page's address, with a reference, or NULL unless it is mapped with these rights
 * (PROT_READ or PROT_READ | PROT_WRITE) and has an owner.
 */
struct page *user_page_get(struct mm *mm, uintptr_t address, u32 prot);
/* The same question again for that frame; page_table_lock held. */
bool user_page_same(struct mm *mm, uintptr_t address, const struct page *page, u32 prot);

#endif
