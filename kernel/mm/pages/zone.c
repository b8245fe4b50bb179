/* Zones and mem_map: making them.  See zone.h; filling them: zone_fill.c. */
#include "mm/pages/zone.h"

#include "lib/string.h"
#include "mm/boot/ram_layout.h"

struct zone zones[NR_ZONES];
struct page *mem_map;

static void zone_init(enum zone_type type, const char *name, pfn_t start, pfn_t end)
{
	struct zone *zone = &zones[type];

	*zone = (struct zone){ .name = name, .type = type, .start = start, .end = MAX(start, end) };
	spin_init(&zone->lock, name);
	for (u32 order = 0; order < NR_ORDERS; order++)
		list_init(&zone->area[order].blocks);
	for (pfn_t pfn = start; pfn < end; pfn++)
		pfn_to_page(pfn)->flags = PG_RESERVED | type;
}

/* Behind the last frame, so that every frame's buddy has an entry. */
static void reserve_padding(void)
{
	for (pfn_t pfn = max_pfn; pfn < ALIGN_UP(max_pfn, 1u << MAX_ORDER); pfn++)
		pfn_to_page(pfn)->flags = PG_RESERVED;
}

void zones_init(void)
{
	pfn_t dma_end = MIN(max_low_pfn, DMA_END_PFN);

	mem_map = memset(pfn_to_virt(mem_map_place.start), 0,
		(mem_map_place.end - mem_map_place.start) * PAGE_SIZE);
	zone_init(ZONE_DMA, "DMA", 0, dma_end);
	zone_init(ZONE_NORMAL, "NORMAL", dma_end, max_low_pfn);
	zone_init(ZONE_HIGHMEM, "HIGHMEM", highstart_pfn, max_pfn);
	reserve_padding();
}
