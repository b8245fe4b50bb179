/* The format ustar: see tar.h. */
#include "lib/tar.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define BLOCK 512u
#define REGULAR '0'
#define REGULAR_OLD 0

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type, link[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
	char prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static bool is_zero(const u8 *block)
{
	for (u32 i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* A field of octal digits, ended by its end, a blank or 0; false if it is no number of 32 bits. */
static bool read_octal(const char *field, u32 length, u32 *value)
{
	u32 n = 0, i;

	for (i = 0; i < length && field[i] >= '0' && field[i] <= '7'; i++) {
		if (n >> 29)
			return false;
		n = n << 3 | (u32)(field[i] - '0');
	}
	*value = n;
	return i > 0 && (i == length || field[i] == 0 || field[i] == ' ');
}

/* The sum of all bytes, those of the field itself taken for blanks. */
static u32 sum(const u8 *block)
{
	u32 at = offsetof(struct header, checksum), total = 0;

	for (u32 i = 0; i < BLOCK; i++)
		total +=
			i >= at && i < at + sizeof(((struct header *)0)->checksum) ? ' ' : block[i];
	return total;
}

/* Appends a field that 0 ends only if it is shorter than its place. */
static u32 append(char *to, u32 at, const char *field, u32 most)
{
	for (u32 i = 0; i < most && field[i]; i++)
		to[at++] = field[i];
	to[at] = 0;
	return at;
}

static void read_name(const struct header *header, char *name)
{
	u32 length = append(name, 0, header->prefix, sizeof(header->prefix));

	if (length)
		name[length++] = '/';
	append(name, length, header->name, sizeof(header->name));
	if (name[0] == '.' && name[1] == '/')
		memmove(name, name + 2, strlen(name + 2) + 1);
}

/* "..", alone or between slashes. */
static bool leads_up(const char *name)
{
	for (const char *at = name; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (at[0] == '.' && at[1] == '.' && (!at[2] || at[2] == '/'))
			return true;
	}
	return false;
}

static bool is_name(const char *name)
{
	for (const char *at = name; *at; at++)
		if ((u8)*at < ' ' || (u8)*at == 0x7F)
			return false;
	return name[0] != '/' && !leads_up(name);
}

/* NULL, or what is wrong with the entry at `tar->next`. */
static const char *read_entry(const struct tar *tar, struct tar_file *file)
{
	const struct header *header = (const struct header *)(tar->start + tar->next);
	u32 checksum, room = tar->size - tar->next - BLOCK;

	if (memcmp(header->magic, "ustar", sizeof(header->magic)) != 0)
		return "not of the format ustar";
	if (!read_octal(header->checksum, sizeof(header->checksum), &checksum) ||
		checksum != sum(tar->start + tar->next))
		return "wrong checksum";
	if (!read_octal(header->size, sizeof(header->size), &file->size))
		return "its size is no number";
	if (file->size > room)
		return "larger than the archive";
	read_name(header, file->name);
	if (!is_name(file->name))
		return "its name is not allowed";
	file->regular = header->type == REGULAR || header->type == REGULAR_OLD;
	if (file->regular && !file->name[0])
		return "it has no name";
	file->data = tar->start + tar->next + BLOCK;
	return NULL;
}

bool tar_next(struct tar *tar, struct tar_file *file)
{
	u32 room = tar->size - tar->next;

	if (tar->fault || !room)
		return false;
	tar->fault = room < BLOCK ? "the archive ends inside a header" : NULL;
	if (tar->fault || is_zero(tar->start + tar->next))
		return false;
	tar->fault = read_entry(tar, file);
	if (tar->fault)
		return false;
	/* The last block may be cut after the file's last byte. */
	room -= BLOCK;
	tar->next += BLOCK + (room - file->size < BLOCK ? MIN(room, ALIGN_UP(file->size, BLOCK))
							: ALIGN_UP(file->size, BLOCK));
	return true;
}

bool tar_find(struct tar *tar, const char *name, struct tar_file *file)
{
	tar->next = 0;
	tar->fault = NULL;
	while (tar_next(tar, file))
		if (file->regular && !strcmp(file->name, name))
			return true;
	return false;
}
