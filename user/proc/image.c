/* The cache of programs: see image.h. */
#include "user/proc/image.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/errno.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/startup.h"
#include "user/proc/files.h"

#define IMAGES 32u
/* Together, but for the last one, which may be larger. */
#define IMAGES_BYTES 0x800000u
/* Each image has room for the largest file; each segment may begin and end within a page. */
#define IMAGES_START 0x10000000u
#define IMAGE_ROOM (FILE_MAX + 2 * ELF_SEGMENTS * PAGE)
_Static_assert(3 + 2 * ELF_SEGMENTS <= PAGER_REGIONS, "a program has too many regions");
_Static_assert(IMAGES_START + IMAGES * IMAGE_ROOM <= FILE_WINDOW, "images and files meet");

/* Writable pages, copied at once instead of at the first write, since that comes soon. */
#define COPY_MAX 4u

static struct image images[IMAGES];
static u32 now;

static u32 room_of(const struct image *image)
{
	return IMAGES_START + (u32)(image - images) * IMAGE_ROOM;
}

/* Pages of a segment that have bytes from the file. */
static u32 file_pages(const struct elf_segment *segment)
{
	return segment->size ? (segment->skip + segment->size + PAGE - 1) / PAGE : 0;
}

/* ---- Into the cache ---- */

static u32 load_segment(struct elf_segment *segment, u32 place)
{
	u32 pages = file_pages(segment);
	u32 error = mem_alloc(0, 0, place | PROT_READ | PROT_WRITE, pages, 0).error;

	if (error)
		return error;
	memcpy((char *)place + segment->skip, segment->data, segment->size);
	segment->data = (const u8 *)place;
	return mem_map(0, 0, place | (segment->prot & ~PROT_WRITE), MAP_PROTECT, pages).error;
}

static u32 load_segments(struct image *image)
{
	u32 place = room_of(image), error = 0;

	for (u32 i = 0; i < image->program.segments && !error; i++) {
		struct elf_segment *segment = &image->program.segment[i];

		if (segment->size)
			error = load_segment(segment, place);
		place += file_pages(segment) * PAGE;
	}
	return error;
}

static void unload(struct image *image)
{
	if (image->loaded)
		for (u32 at = 0; at < IMAGE_ROOM; at += RANGE_MAX * PAGE)
			mem_unmap(0, room_of(image) + at, MIN((IMAGE_ROOM - at) / PAGE, RANGE_MAX));
	image->loaded = false;
}

/* A file whose segments would have more bytes than itself has some twice. */
static u32 check(const struct elf_program *program, u32 size)
{
	u32 bytes = 0;

	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];

		bytes += segment->size;
		if (segment->size > size || bytes > size)
			return ENOEXEC;
		/* They lie below the heap, and off what every process has. */
		if (segment->start < STARTUP + STARTUP_MAX ||
			segment->start + segment->pages * PAGE > THREADS_START)
			return ENOEXEC;
	}
	return 0;
}

static u32 load(struct image *image, const char *path, const struct fs_stat *stat)
{
	u32 size, error = file_open(path, &size);

	if (error)
		return error;
	image->loaded = true;
	image->number = stat->number;
	image->version = stat->version;
	image->bytes = stat->size;
	if (elf_read((const void *)FILE_WINDOW, size, &image->program))
		error = ENOEXEC;
	if (!error)
		error = check(&image->program, size);
	if (!error)
		error = load_segments(image);
	if (error)
		unload(image);
	file_close();
	return error;
}

/* The one which nobody has asked for longest; false: there is none. */
static bool unload_oldest(void)
{
	struct image *oldest = NULL;

	for (u32 i = 0; i < IMAGES; i++)
		if (images[i].loaded && (!oldest || images[i].used < oldest->used))
			oldest = &images[i];
	if (oldest)
		unload(oldest);
	return oldest;
}

/* NULL: `bytes` more are too many, or no place is empty. */
static struct image *find_place(u32 bytes)
{
	struct image *empty = NULL;

	for (u32 i = 0; i < IMAGES; i++) {
		if (images[i].loaded)
			bytes += images[i].bytes;
		else
			empty = &images[i];
	}
	return bytes <= IMAGES_BYTES ? empty : NULL;
}

/* What was kept makes way, as does what there is no memory beside. */
static struct image *load_new(const char *path, const struct fs_stat *stat, u32 *error)
{
	struct image *image;

	do {
		while (!(image = find_place(stat->size)) && unload_oldest())
			continue;
		image = image ? image : images;
		*error = load(image, path, stat);
	} while ((*error == ENOMEM || *error == EQUOTA) && unload_oldest());
	return image;
}

/* Of an older version of the file is nobody's any more. */
static struct image *find_loaded(const struct fs_stat *stat)
{
	for (u32 i = 0; i < IMAGES; i++) {
		if (!images[i].loaded || images[i].number != stat->number)
			continue;
		if (images[i].version == stat->version)
			return &images[i];
		unload(&images[i]);
	}
	return NULL;
}

const struct image *image_find(const char *path, u32 *error)
{
	struct fs_stat stat;
	struct image *image;

	*error = file_stat(path, &stat);
	if (!*error && stat.folder)
		*error = ENOEXEC;
	if (*error)
		return NULL;
	image = find_loaded(&stat);
	if (!image)
		image = load_new(path, &stat, error);
	image->used = ++now;
	return *error ? NULL : image;
}

/* ---- Into a process ---- */

static u32 map_segment(const struct elf_segment *segment, u32 task)
{
	u32 pages = file_pages(segment), how = MAP_MAP;

	if (!pages)
		return 0;
	if (segment->prot & PROT_WRITE)
		how = pages <= COPY_MAX ? MAP_COPY : MAP_SHARE;
	return mem_map(
		task, 0, segment->start | segment->prot, (u32)(uintptr_t)segment->data | how, pages)
		.error;
}

u32 image_map(const struct image *image, u32 task)
{
	u32 error = 0;

	for (u32 i = 0; i < image->program.segments && !error; i++)
		error = map_segment(&image->program.segment[i], task);
	return error;
}

static u32 put_region(u32 regions, u32 start, u32 end, u32 prot, enum region_kind kind)
{
	u32 *word = &message_own()->word[2 + 3 * regions];

	if (start == end)
		return regions;
	word[0] = start;
	word[1] = end;
	word[2] = prot | kind << 8;
	return regions + 1;
}

/* Pages from the file are there, those behind them not yet. */
static u32 put_segment(u32 regions, const struct elf_segment *segment)
{
	u32 middle = segment->start + file_pages(segment) * PAGE;
	u32 end = segment->start + segment->pages * PAGE;

	regions = put_region(regions, segment->start, middle, segment->prot, REGION_FILE);
	return put_region(regions, middle, end, segment->prot, REGION_ZERO);
}

u32 image_put_regions(const struct image *image, u32 startup_pages)
{
	const struct elf_program *program = &image->program;
	const struct elf_segment *last = &program->segment[program->segments - 1];
	const u32 data = PROT_READ | PROT_WRITE;
	u32 regions = put_region(0, STARTUP, STARTUP + startup_pages * PAGE, data, REGION_FILE);

	for (u32 i = 0; i < program->segments; i++)
		regions = put_segment(regions, &program->segment[i]);
	regions = put_region(
		regions, last->start + last->pages * PAGE, THREADS_START, data, REGION_HEAP);
	return put_region(regions, STACK_BOTTOM, STACK_TOP, data, REGION_STACK);
}
