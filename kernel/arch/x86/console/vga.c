/*
 * The VGA text screen: 80 by 25 cells of character and colour (IBM VGA Technical Reference, mode
 * 3).
 */
#include "arch/x86/console/vga.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/paging/page.h"
#include "lib/string.h"

#define SCREEN_PHYS 0xB8000u
#define COLUMNS 80u
#define ROWS 25u
#define TAB 8u
#define GREY_ON_BLACK 0x0700u
#define BLANK (GREY_ON_BLACK | ' ')

/* CRT controller: index and data port, and its registers for the cursor's place. */
#define CRTC_INDEX 0x3D4u
#define CRTC_DATA 0x3D5u
#define CRTC_CURSOR_HIGH 0x0Eu
#define CRTC_CURSOR_LOW 0x0Fu

static u32 row, column;

static u16 *cell(u32 r, u32 c) { return (u16 *)phys_to_virt(SCREEN_PHYS) + r * COLUMNS + c; }

static void blank_row(u32 r)
{
	for (u32 c = 0; c < COLUMNS; c++)
		*cell(r, c) = BLANK;
}

static void show_cursor(void)
{
	u32 at = row * COLUMNS + column;

	outb(CRTC_INDEX, CRTC_CURSOR_HIGH);
	outb(CRTC_DATA, (u8)(at >> 8));
	outb(CRTC_INDEX, CRTC_CURSOR_LOW);
	outb(CRTC_DATA, (u8)at);
}

static void new_line(void)
{
	column = 0;
	if (++row < ROWS)
		return;
	row = ROWS - 1;
	memmove(cell(0, 0), cell(1, 0), (ROWS - 1) * COLUMNS * sizeof(u16));
	blank_row(row);
}

static void put_character(char c)
{
	if (c < ' ' || c > '~')
		c = '?';
	*cell(row, column) = (u16)(GREY_ON_BLACK | (u8)c);
	if (++column == COLUMNS)
		new_line();
}

void vga_init(void)
{
	row = column = 0;
	for (u32 r = 0; r < ROWS; r++)
		blank_row(r);
	show_cursor();
}

static u32 read_crtc(u8 number)
{
	outb(CRTC_INDEX, number);
	return inb(CRTC_DATA);
}

bool vga_resume(void)
{
	u32 at = read_crtc(CRTC_CURSOR_HIGH) << 8 | read_crtc(CRTC_CURSOR_LOW);

	at = MIN(at, ROWS * COLUMNS - 1);
	row = at / COLUMNS;
	column = at % COLUMNS;
	return column != 0;
}

void vga_put(char c)
{
	switch (c) {
	case '\n': new_line(); break;
	case '\r': column = 0; break;
	case '\t': column = MIN(ALIGN_DOWN(column, TAB) + TAB, COLUMNS - 1); break;
	case '\b': column -= column ? 1 : 0; break;
	default: put_character(c);
	}
	show_cursor();
}
