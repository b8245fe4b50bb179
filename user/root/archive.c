/*
 * Loaders write different names beside a module (QEMU its path too, cut where it is long), so the
 * archive is known by what is in it.
 */
#include "user/root/archive.h"

#include "user/root/start_page.h"

static bool is_archive(const struct tar *tar)
{
	struct tar copy = *tar;
	struct tar_file file;

	return tar_next(&copy, &file);
}

bool archive_open(struct tar *tar)
{
	for (u32 i = 0; i < start_page->modules && i < START_MODULES; i++) {
		const u8 *start = (const u8 *)(uintptr_t)start_page->module[i].address;

		*tar = (struct tar){ .start = start, .size = start_page->module[i].size };
		if (is_archive(tar))
			return true;
	}
	return false;
}
