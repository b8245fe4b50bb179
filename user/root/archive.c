/*
 * Loaders write different names beside a module (QEMU its path too, cut where it is long), so the
 * archive is known by what is in it.
 */
#include "user/root/archive.h"

#include "user/lib/print.h"
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

u32 archive_address(void)
{
	struct tar tar;

	return archive_open(&tar) ? (u32)(uintptr_t)tar.start : 0;
}

u32 archive_bytes(void)
{
	struct tar tar;

	return archive_open(&tar) ? tar.size : 0;
}

bool archive_has(const char *name)
{
	struct tar_file file;
	struct tar tar;

	return archive_open(&tar) && tar_find(&tar, name, &file);
}

u32 archive_program(const char *name, struct elf_program *program)
{
	struct tar_file file;
	const char *fault;
	struct tar tar;

	if (!archive_open(&tar)) {
		printf("root: no module is an archive of programs (user.tar), so no %s\n", name);
		return EINVAL;
	}
	if (!tar_find(&tar, name, &file)) {
		printf("root: no program is named %s\n", name);
		if (tar.fault)
			printf("root: the archive is damaged at byte %u: %s\n", tar.next,
				tar.fault);
		return EINVAL;
	}
	fault = elf_read(file.data, file.size, program);
	if (fault)
		printf("root: %s is no program: %s\n", name, fault);
	return fault ? EINVAL : 0;
}
