/*
 * What the compiler calls where a program would do something that C leaves undefined (debug build:
 * -fsanitize=..., tools/compiler.mk): a panic that names the place in the source and the values.
 *
 * The data that it passes are laid out as both GCC and clang document them for their runtime
 * library (compiler-rt, ubsan_handlers.h and ubsan_value.h).
 */
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/types.h"

struct location {
	const char *file;
	u32 line, column;
};

#define KIND_INTEGER 0u

struct type {
	u16 kind;
	u16 info; /* integers: bit 0: signed; from bit 1 on: log2 of the number of bits */
	char name[];
};

/* A value as wide as a word at most; else a pointer to it. */
typedef uintptr_t value_t;

struct type_mismatch {
	struct location at;
	const struct type *type;
	u8 log_alignment, kind;
};

struct typed {
	struct location at;
	const struct type *type;
};

struct two_types {
	struct location at;
	const struct type *first, *second;
};

struct place_only {
	struct location at;
};

struct nonnull_argument {
	struct location at, attribute;
	int number;
};

struct bad_builtin {
	struct location at;
	u8 kind;
};

void __ubsan_handle_type_mismatch_v1(const struct type_mismatch *data, value_t pointer);
void __ubsan_handle_add_overflow(const struct typed *data, value_t left, value_t right);
void __ubsan_handle_sub_overflow(const struct typed *data, value_t left, value_t right);
void __ubsan_handle_mul_overflow(const struct typed *data, value_t left, value_t right);
void __ubsan_handle_negate_overflow(const struct typed *data, value_t value);
void __ubsan_handle_divrem_overflow(const struct typed *data, value_t left, value_t right);
void __ubsan_handle_shift_out_of_bounds(const struct two_types *data, value_t value, value_t by);
void __ubsan_handle_out_of_bounds(const struct two_types *data, value_t index);
void __ubsan_handle_load_invalid_value(const struct typed *data, value_t value);
void __ubsan_handle_vla_bound_not_positive(const struct typed *data, value_t bound);
void __ubsan_handle_pointer_overflow(const struct place_only *data, value_t base, value_t result);
void __ubsan_handle_nonnull_arg(const struct nonnull_argument *data);
void __ubsan_handle_nonnull_return_v1(const struct place_only *data, const struct location *at);
void __ubsan_handle_invalid_builtin(const struct bad_builtin *data);
void __ubsan_handle_builtin_unreachable(const struct place_only *data);

__noreturn __printf_like(2, 3) static void undefined(
	const struct location *at, const char *fmt, ...)
{
	const struct panic_site site = { .file = at->file,
		.function = "the function that the back trace names",
		.line = (int)at->line };
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	panic_at(
		&site, "undefined behaviour at %s:%u:%u: %s", at->file, at->line, at->column, text);
}

struct number {
	char text[32];
};

/* Shifted up and down again, so that the sign fills what the value leaves. */
static s64 sign_extended(u64 value, u32 bits) { return (s64)(value << (64 - bits)) >> (64 - bits); }

static struct number number(const struct type *type, value_t value)
{
	u32 bits = 1u << (type->info >> 1);
	struct number n;
	u64 wide;

	if (type->kind != KIND_INTEGER || bits > 64) {
		snprintf(n.text, sizeof(n.text), "?");
		return n;
	}
	wide = bits <= 32 ? value : *(const u64 *)value;
	if (type->info & 1)
		snprintf(n.text, sizeof(n.text), "%lld", (long long)sign_extended(wide, bits));
	else
		snprintf(n.text, sizeof(n.text), "%llu", (unsigned long long)wide);
	return n;
}

static const char *access_name(u8 kind)
{
	static const char *const names[] = { "load", "store", "reference", "member access",
		"member call", "constructor call", "downcast", "downcast", "upcast", "cast",
		"nonnull binding", "dynamic operation" };

	return kind < ARRAY_SIZE(names) ? names[kind] : "access";
}

void __ubsan_handle_type_mismatch_v1(const struct type_mismatch *data, value_t pointer)
{
	u32 alignment = 1u << data->log_alignment;

	if (!pointer)
		undefined(&data->at, "%s of type %s at a null pointer", access_name(data->kind),
			data->type->name);
	if (!IS_ALIGNED(pointer, alignment))
		undefined(&data->at, "%s of type %s at 0x%x, which is not aligned to %u",
			access_name(data->kind), data->type->name, (u32)pointer, alignment);
	undefined(&data->at, "%s of type %s at 0x%x, where the object has no room for it",
		access_name(data->kind), data->type->name, (u32)pointer);
}

void __ubsan_handle_add_overflow(const struct typed *data, value_t left, value_t right)
{
	undefined(&data->at, "%s + %s overflows type %s", number(data->type, left).text,
		number(data->type, right).text, data->type->name);
}

void __ubsan_handle_sub_overflow(const struct typed *data, value_t left, value_t right)
{
	undefined(&data->at, "%s - %s overflows type %s", number(data->type, left).text,
		number(data->type, right).text, data->type->name);
}

void __ubsan_handle_mul_overflow(const struct typed *data, value_t left, value_t right)
{
	undefined(&data->at, "%s * %s overflows type %s", number(data->type, left).text,
		number(data->type, right).text, data->type->name);
}

void __ubsan_handle_negate_overflow(const struct typed *data, value_t value)
{
	undefined(&data->at, "-(%s) overflows type %s", number(data->type, value).text,
		data->type->name);
}

void __ubsan_handle_divrem_overflow(const struct typed *data, value_t left, value_t right)
{
	undefined(&data->at, "%s / %s in type %s", number(data->type, left).text,
		number(data->type, right).text, data->type->name);
}

void __ubsan_handle_shift_out_of_bounds(const struct two_types *data, value_t value, value_t by)
{
	undefined(&data->at, "%s of type %s shifted by %s", number(data->first, value).text,
		data->first->name, number(data->second, by).text);
}

void __ubsan_handle_out_of_bounds(const struct two_types *data, value_t index)
{
	undefined(&data->at, "index %s into type %s", number(data->second, index).text,
		data->first->name);
}

void __ubsan_handle_load_invalid_value(const struct typed *data, value_t value)
{
	undefined(&data->at, "load of value %s, which type %s does not have",
		number(data->type, value).text, data->type->name);
}

void __ubsan_handle_vla_bound_not_positive(const struct typed *data, value_t bound)
{
	undefined(&data->at, "array of %s elements", number(data->type, bound).text);
}

void __ubsan_handle_pointer_overflow(const struct place_only *data, value_t base, value_t result)
{
	undefined(&data->at, "pointer 0x%x moved around the address space to 0x%x", (u32)base,
		(u32)result);
}

void __ubsan_handle_nonnull_arg(const struct nonnull_argument *data)
{
	undefined(&data->at, "argument %d is null, which %s:%u forbids", data->number,
		data->attribute.file, data->attribute.line);
}

void __ubsan_handle_nonnull_return_v1(const struct place_only *data, const struct location *at)
{
	undefined(at, "null is returned, which %s:%u forbids", data->at.file, data->at.line);
}

void __ubsan_handle_invalid_builtin(const struct bad_builtin *data)
{
	undefined(&data->at, "%s of 0", data->kind == 0 ? "__builtin_ctz" : "__builtin_clz");
}

void __ubsan_handle_builtin_unreachable(const struct place_only *data)
{
	undefined(&data->at, "a place that cannot be reached was reached");
}
