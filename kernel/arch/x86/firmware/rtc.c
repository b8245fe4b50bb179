/* The real-time clock: see rtc.h. */
#include "arch/x86/firmware/rtc.h"

#include "arch/x86/cpu/io.h"

#define CMOS_INDEX 0x70u
#define CMOS_DATA 0x71u
/* Registers. */
#define SECONDS 0x00u
#define MINUTES 0x02u
#define HOURS 0x04u
#define DAY 0x07u
#define MONTH 0x08u
#define YEAR 0x09u
#define STATUS_A 0x0Au
#define STATUS_B 0x0Bu
#define UPDATING 0x80u /* status A: the others change at this moment */
#define BINARY 0x04u   /* status B: not in decimal digits */
#define HOURS_24 0x02u
#define PM 0x80u /* in the hours, where there are twelve */
/* An update takes 2 ms; a read of a port about a microsecond. */
#define UPDATE_TRIES 10000u
#define READ_TRIES 10u

struct date {
	u32 second, minute, hour, day, month, year;
};

static u8 cmos(u32 index)
{
	outb(CMOS_INDEX, (u8)index);
	return inb(CMOS_DATA);
}

static bool wait_for_update(void)
{
	for (u32 i = 0; i < UPDATE_TRIES; i++)
		if (!(cmos(STATUS_A) & UPDATING))
			return true;
	return false;
}

static struct date read_registers(void)
{
	return (struct date){ cmos(SECONDS), cmos(MINUTES), cmos(HOURS), cmos(DAY), cmos(MONTH),
		cmos(YEAR) };
}

static bool same(const struct date *a, const struct date *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
	       a->day == b->day && a->month == b->month && a->year == b->year;
}

static u32 from_digits(u32 value) { return (value >> 4) * 10 + (value & 15); }

/* From what the registers hold to plain numbers; the century is this one. */
static void decode(struct date *date, u32 status)
{
	u32 pm = date->hour & PM;

	date->hour &= ~PM;
	if (!(status & BINARY)) {
		date->second = from_digits(date->second);
		date->minute = from_digits(date->minute);
		date->hour = from_digits(date->hour);
		date->day = from_digits(date->day);
		date->month = from_digits(date->month);
		date->year = from_digits(date->year);
	}
	if (!(status & HOURS_24))
		date->hour = date->hour % 12 + (pm ? 12 : 0);
	date->year += 2000;
}

static bool is_date(const struct date *date)
{
	return date->second < 60 && date->minute < 60 && date->hour < 24 && date->day >= 1 &&
	       date->day <= 31 && date->month >= 1 && date->month <= 12 && date->year < 2100;
}

/* Days from 1970 to this date; until 2100 every fourth year is a leap year. */
static u32 days(const struct date *date)
{
	static const u16 before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	u32 years = date->year - 1970;
	u32 leap_days = (years + 1) / 4;

	if (date->year % 4 == 0 && date->month > 2)
		leap_days++;
	return years * 365 + leap_days + before[date->month - 1] + date->day - 1;
}

/* Read twice the same, so that no update came in between. */
static bool read_date(struct date *date)
{
	struct date again;

	for (u32 i = 0; i < READ_TRIES; i++) {
		if (!wait_for_update())
			return false;
		*date = read_registers();
		again = read_registers();
		if (same(date, &again))
			return true;
	}
	return false;
}

u64 rtc_read(void)
{
	struct date date;

	if (!read_date(&date))
		return 0;
	decode(&date, cmos(STATUS_B));
	if (!is_date(&date))
		return 0;
	return (u64)days(&date) * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
}
