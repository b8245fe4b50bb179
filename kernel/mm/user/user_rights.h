/*
 * What ranges of a task's pages may be used for: shared without write, protected.
 *
 * Ranges, *done and errors as in user_map.h.
 */
#ifndef MM_USER_RIGHTS_H
#define MM_USER_RIGHTS_H

#include "mm/user/user_map.h"

/*
 * Maps the source's frames without write, and takes write from the source.  Pages that are not
 * there, or have no owner, are left out.  -EINVAL: both ranges overlap in one address space, where
 * a page that has just been mapped would be a source.
 */
int user_share(const struct range *to, const struct range *from, u32 prot, u32 *done);
/* Changes rights; one is added only while the mapping is the frame's only one. */
int user_protect(const struct range *range, u32 prot, u32 *done);

#endif
