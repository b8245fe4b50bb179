/* Days into dates. */
#include "user/lib/c/time.h"

#define DAY 86400u

static bool is_leap(u32 year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static u32 days_of_month(u32 year, u32 month)
{
	static const u8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
}

static u32 days_of_year(u32 year) { return is_leap(year) ? 366 : 365; }

struct tm *gmtime_r(const u32 *seconds, struct tm *tm)
{
	u32 days = *seconds / DAY, rest = *seconds % DAY, year = 1970, month = 0;

	tm->tm_hour = (int)(rest / 3600);
	tm->tm_min = (int)(rest / 60 % 60);
	tm->tm_sec = (int)(rest % 60);
	tm->tm_wday = (int)((days + 4) % 7); /* 1 January 1970 was a Thursday */
	for (; days >= days_of_year(year); year++)
		days -= days_of_year(year);
	tm->tm_year = (int)year - 1900;
	tm->tm_yday = (int)days;
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	tm->tm_mon = (int)month;
	tm->tm_mday = (int)days + 1;
	return tm;
}
