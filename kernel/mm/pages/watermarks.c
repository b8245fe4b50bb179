/* Watermarks and reserves of the zones: see watermarks.h. */
#include "mm/pages/watermarks.h"

/*
 * Pages below `min` are kept for requests that cannot wait: 1/128 of the zone, at least 80 KiB, at
 * most about 1 MiB, but never more than a quarter of a tiny zone.  High memory serves no interrupt
 * handler, and the kernel itself has no use for its pages, so it keeps less.
 */
static void set_watermarks(struct zone *zone)
{
	u32 share = zone->managed / 128;
	u32 least = zone->type == ZONE_HIGHMEM ? 0 : 20;
	u32 most = zone->type == ZONE_HIGHMEM ? 32 : 255;

	zone->min = MIN(MIN(MAX(share, least), most), zone->managed / 4);
	zone->low = 2 * zone->min;
	zone->high = 3 * zone->min;
}

/*
 * Requests that could have had `upper` pages elsewhere leave 1/64 of that here, but at most a
 * quarter of the zone.
 */
static u32 reserve_against(const struct zone *zone, u32 upper)
{
	return MIN(upper / 64, zone->managed / 4);
}

void zones_set_watermarks(void)
{
	u32 normal = zones[ZONE_NORMAL].managed, high = zones[ZONE_HIGHMEM].managed;

	for (u32 i = 0; i < NR_ZONES; i++)
		set_watermarks(&zones[i]);
	zones[ZONE_NORMAL].reserve[ZONE_HIGHMEM] = reserve_against(&zones[ZONE_NORMAL], high);
	zones[ZONE_DMA].reserve[ZONE_HIGHMEM] = reserve_against(&zones[ZONE_DMA], normal + high);
	zones[ZONE_DMA].reserve[ZONE_NORMAL] = reserve_against(&zones[ZONE_DMA], normal);
}

bool memory_is_short(void)
{
	return READ_ONCE(zones[ZONE_DMA].is_short) || READ_ONCE(zones[ZONE_NORMAL].is_short);
}
