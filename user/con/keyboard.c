/*
 * Scan codes: see keyboard.h.
 * Source: IBM PS/2 Hardware Interface Technical Reference, Keyboards, "Scan code set 1".
 */
#include "user/con/keyboard.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define RELEASED 0x80u
#define PREFIX 0xE0u
/* Pause: E1 1D 45 E1 9D C5. */
#define PREFIX_PAUSE 0xE1u
#define PAUSE_BYTES 2u

#define CODE_CTRL 0x1Du
#define CODE_SHIFT_LEFT 0x2Au
#define CODE_SHIFT_RIGHT 0x36u
#define CODE_ALT 0x38u
#define CODE_CAPS 0x3Au

#define SHIFT_LEFT 1u
#define SHIFT_RIGHT 2u
#define SHIFT (SHIFT_LEFT | SHIFT_RIGHT)
#define CTRL_LEFT 4u
#define CTRL_RIGHT 8u
#define CTRL (CTRL_LEFT | CTRL_RIGHT)
#define ALT_LEFT 16u
#define ALT_RIGHT 32u
#define ALT (ALT_LEFT | ALT_RIGHT)

#define ESCAPE '\033'

/* By code; 0: the key types nothing.  From 0x47 on the number pad, as with Num Lock. */
static const char plain[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 "
	"\0\0\0\0\0\0\0\0\0\0\0\0\0"
	"789-456+1230.\0\0\\";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 "
	"\0\0\0\0\0\0\0\0\0\0\0\0\0"
	"789-456+1230.\0\0|";

/* Keys with the prefix. */
static const struct {
	u8 code;
	const char *typed;
} extended[] = {
	{ 0x1C, "\r" },
	{ 0x35, "/" },
	{ 0x47, "\033[H" },
	{ 0x48, "\033[A" },
	{ 0x49, "\033[5~" },
	{ 0x4B, "\033[D" },
	{ 0x4D, "\033[C" },
	{ 0x4F, "\033[F" },
	{ 0x50, "\033[B" },
	{ 0x51, "\033[6~" },
	{ 0x52, "\033[2~" },
	{ 0x53, "\033[3~" },
};

/* 0: no modifier.  A shift with the prefix is none: keyboards add it to the arrow keys. */
static u32 modifier(u8 code, bool prefixed)
{
	switch (code) {
	case CODE_CTRL: return prefixed ? CTRL_RIGHT : CTRL_LEFT;
	case CODE_ALT: return prefixed ? ALT_RIGHT : ALT_LEFT;
	case CODE_SHIFT_LEFT: return prefixed ? 0 : SHIFT_LEFT;
	case CODE_SHIFT_RIGHT: return prefixed ? 0 : SHIFT_RIGHT;
	default: return 0;
	}
}

static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/* What Ctrl makes of a character: of @ to _ (and a to z, blank, ?) a control character. */
static char with_ctrl(char c)
{
	if (c == ' ')
		return 0;
	if (c == '?')
		return '\177';
	if ((c >= '@' && c <= '_') || is_letter(c))
		return c & 0x1F;
	return c;
}

static u32 type_character(const struct keyboard *keyboard, u8 code, char *typed)
{
	u32 n = 0;
	char c;

	if (code >= sizeof(plain) - 1 || !plain[code])
		return 0;
	c = keyboard->held & SHIFT ? shifted[code] : plain[code];
	if (keyboard->caps && is_letter(plain[code]))
		c ^= 0x20;
	if (keyboard->held & CTRL)
		c = with_ctrl(c);
	if (keyboard->held & ALT)
		typed[n++] = ESCAPE;
	typed[n++] = c;
	return n;
}

static u32 type_extended(u8 code, char *typed)
{
	for (u32 i = 0; i < ARRAY_SIZE(extended); i++) {
		u32 n = (u32)strlen(extended[i].typed);

		if (extended[i].code != code)
			continue;
		memcpy(typed, extended[i].typed, n);
		return n;
	}
	return 0;
}

static u32 press(struct keyboard *keyboard, u8 code, bool prefixed, char *typed)
{
	u32 held = modifier(code, prefixed);

	keyboard->held |= held;
	if (held)
		return 0;
	if (prefixed)
		return type_extended(code, typed);
	if (code == CODE_CAPS)
		keyboard->caps = !keyboard->caps;
	return type_character(keyboard, code, typed);
}

u32 keyboard_take(struct keyboard *keyboard, u8 code, char *typed)
{
	bool prefixed = keyboard->extended;

	keyboard->extended = code == PREFIX;
	if (code == PREFIX)
		return 0;
	if (code == PREFIX_PAUSE) {
		keyboard->skip = PAUSE_BYTES;
		return 0;
	}
	if (keyboard->skip) {
		keyboard->skip--;
		return 0;
	}
	if (code & RELEASED) {
		keyboard->held &= ~modifier(code & (u8)~RELEASED, prefixed);
		return 0;
	}
	return press(keyboard, code, prefixed, typed);
}
