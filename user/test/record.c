/* Which errors have been seen: see record.h. */
#include "user/test/record.h"

#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/print.h"
#include "user/test/test.h"

#define RECORD 0x5E000000u
#define ERRORS 256u

struct record_page {
	u32 seen[CALL_NUMBERS][ERRORS / 32];
};
#define page ((volatile struct record_page *)RECORD)

#define CALL_NAME(number, name, arguments, errors, text) [number] = #name,
static const char *const names[] = { CALL_TABLE(CALL_NAME) };
#define CALL_ERRORS(number, name, arguments, errors, text) [number] = (errors),
static const char *const errors_of[] = { CALL_TABLE(CALL_ERRORS) };

u32 record_begin(void) { return mem_alloc(0, 0, RECORD | PROT_RW, 1, 0).error; }

u32 record_give(u32 task) { return mem_map(task, 0, RECORD | PROT_RW, RECORD | MAP_MAP, 1).error; }

void record(u32 call, u32 error)
{
	if (error < ERRORS)
		page->seen[call][error / 32] |= 1u << error % 32;
}

void record_text(const char *text, u32 error)
{
	for (u32 call = 1; call < CALL_NUMBERS; call++) {
		u32 length = (u32)strlen(names[call]);

		if (!strncmp(text, names[call], length) && text[length] == '(')
			record(call, error);
	}
}

static bool was_seen(u32 call, const char *error, u32 length)
{
	for (u32 i = 1; i < ERRORS; i++) {
		const char *name = error_name(i);

		if (strlen(name) == length && !strncmp(name, error, length))
			return page->seen[call][i / 32] & 1u << i % 32;
	}
	return false;
}

static u32 word_length(const char *text)
{
	u32 length = 0;

	while (text[length] && text[length] != ' ')
		length++;
	return length;
}

/* Returns how many are missing. */
static u32 count_missing(u32 call)
{
	u32 missing = 0, length;

	for (const char *at = errors_of[call]; (length = word_length(at)); at += length) {
		if (!was_seen(call, at, length)) {
			printf("# never seen: %s, error %u of \"%s\"\n", names[call],
				(u32)(at - errors_of[call]), errors_of[call]);
			missing++;
		}
		at += at[length] == ' ';
	}
	return missing;
}

bool record_is_complete(void)
{
	u32 missing = 0;

	for (u32 call = 1; call < CALL_NUMBERS; call++)
		missing += count_missing(call);
	return !missing;
}
