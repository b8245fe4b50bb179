"""Zones driven directly, and beside them what their contracts (zone.h, buddy.h) allow.

The hand-over of the boot has not taken place: the host takes the boot allocator's list of free
pages and gives of them to zone_add_pages() what a test needs.  Free lists are never read.  What is
free follows from what was given, allocated and freed: free blocks that are merged as far as that
goes can be cut out of a set of frames in one way only.
"""

from grader.machine import Return, frames
from grader.verdict import Failure, expecting

MAX_ORDER = 10
ALLOC, FREE, ADD = ("buddy_alloc",), ("buddy_free",), ("zone_add_pages",)
MERGE = (
    "a block merges with its buddy as far as that goes; a free block's order stands in its first"
    " page (page->order)"
)
ALIGNED = "a block of order n begins at a multiple of its size, 2^n frames"
LOST = "pages are lost: after a split each half that is not handed out is free"


class Blocks:
    """Free blocks, {first frame: order}, merged as far as that goes."""

    def __init__(self):
        self.orders = {}

    def smallest(self, order):
        """The smallest order from `order` on of which there is a block, or None."""
        return min((o for o in self.orders.values() if o >= order), default=None)

    def holding(self, pfn):
        """(first frame, order) of the free block in which a frame lies, or None."""
        for order in range(MAX_ORDER + 1):
            first = pfn >> order << order
            if self.orders.get(first, -1) == order:
                return first, order
        return None

    def take(self, pfn, order):
        """Splits the block in which [pfn, order) lies until it is one by itself."""
        first, from_order = self.holding(pfn)
        del self.orders[first]
        while from_order > order:
            from_order -= 1
            half = first + (1 << from_order)
            self.orders[first if pfn >= half else half] = from_order
            first = half if pfn >= half else first

    def put(self, pfn, order):
        while order < MAX_ORDER and self.orders.get(pfn ^ 1 << order, -1) == order:
            del self.orders[pfn ^ 1 << order]
            pfn, order = pfn & ~(1 << order), order + 1
        self.orders[pfn] = order

    def frames(self):
        return {pfn for first, order in self.orders.items() for pfn in block(first, order)}


def block(pfn, order):
    return range(pfn, pfn + (1 << order))


def said(pfn, order):
    return "NULL" if pfn is None else f"frame {pfn:#x}, order {order}"


class Zone:
    """One of the three: the student's, and the model."""

    def __init__(self, zones, kind, start, end):
        self.m, self.zones, self.name = zones.m, zones, kind
        self.number = self.m.layout[f"ZONE_{kind}"]
        self.start, self.end = start, end
        self.at = self.m.symbol("zones") + self.number * self.m.layout["zone_size"]
        self.model, self.given = Blocks(), set()

    # The student's functions; not judged but for how they end.

    def try_alloc(self, order, hint=""):
        """First frame of the block that the student's function returns, or None."""
        with expecting(f"buddy_alloc of order {order} in {self.name} returns", hint, ALLOC):
            page = self.m.call("buddy_alloc", self.at, order)
        return self.zones.frame(page, order, hint) if page else None

    def free(self, pfn, order, hint=""):
        with expecting(f"buddy_free of {said(pfn, order)} returns", hint, FREE):
            self.m.call("buddy_free", self.at, self.zones.page(pfn), order)
        self.model.put(pfn, order)

    # Judged.

    def alloc(self, order, hint=""):
        """A block that is aligned, free, and cut out of the smallest one that will do."""
        smallest, got = self.model.smallest(order), self.try_alloc(order, hint)
        if (got is None) != (smallest is None):
            raise Failure(f"order {order}: {self._offer(smallest)}", said(got, order), hint, ALLOC)
        if got is not None:
            self.expect_free(got, order, hint)
            self._expect_smallest(got, order, smallest, hint)
            self.model.take(got, order)
        return got

    def take(self, order, hint=""):
        """A block that is free; of which size it was is another test's subject."""
        got = self.try_alloc(order, hint)
        if got is None:
            offer = self._offer(self.model.smallest(order))
            raise Failure(f"order {order}: {offer}", "NULL", hint or LOST, ALLOC)
        self.expect_free(got, order, hint)
        self.model.take(got, order)
        return got

    def expect_free(self, pfn, order, hint=""):
        if pfn % (1 << order):
            must = f"a multiple of {1 << order:#x}"
            raise Failure(must, said(pfn, order), hint or ALIGNED, FREE + ALLOC)
        wrong = set(block(pfn, order)) - self.model.frames()
        if wrong:
            raise Failure(
                "a block that is free",
                f"{said(pfn, order)}: {frames.named(wrong)} {self._not_free(min(wrong))}",
                hint or "two blocks overlap, or one reaches beyond what was handed over",
                ALLOC + FREE,
            )
        if self.model.holding(pfn)[1] < order:
            raise Failure("a block that is free", f"{said(pfn, order)}: two of them", MERGE, FREE)

    def _not_free(self, pfn):
        if not self.start <= pfn < self.end:
            return f"lies beyond the zone {self.name}"
        return "is handed out already" if pfn in self.given else "was never handed over"

    def _offer(self, smallest):
        return "NULL" if smallest is None else f"a block, since one of order {smallest} is free"

    def _expect_smallest(self, pfn, order, smallest, hint):
        first, size = self.model.holding(pfn)
        if size != smallest:
            raise Failure(
                f"order {order}: cut out of a block of order {smallest}",
                f"{said(pfn, order)}, out of the block {said(first, size)}",
                hint or "the smallest order that has a block is split, and the large ones stay",
                ALLOC,
            )

    def drain(self, hint=""):
        """[(frame, order)] of all blocks that can be had, largest first; not judged."""
        found = []
        for order in range(MAX_ORDER, -1, -1):
            while (got := self.try_alloc(order, hint)) is not None and len(found) < 4096:
                found.append((got, order))
        return found

    def figure(self, field, order=None):
        at = self.at + self.m.layout[f"zone_{field}"]
        if order is not None:
            at += order * self.m.layout["free_area_size"] + self.m.layout["free_area_count"]
        return self.m.read_word(at)

    def orders(self):
        return self.figure("orders")


class Zones:
    def __init__(self, m):
        self.m = m
        low, high, end = (m.variable(n) for n in ("max_low_pfn", "highstart_pfn", "max_pfn"))
        dma = min(low, m.layout["DMA_END_PFN"])
        self.mem_map = m.variable("mem_map")
        self.dma = Zone(self, "DMA", 0, dma)
        self.normal = Zone(self, "NORMAL", dma, low)
        self.highmem = Zone(self, "HIGHMEM", high, end)
        self.runs = self._runs()
        self.used = dma

    def _runs(self):
        """What the boot's hand-over would give: no code of the student's runs for it."""
        runs = []

        def give(start, end, _):
            runs.append((start, end))
            return Return()

        with self.m.watch("zone_add_pages", give):
            self.m.call("bootmem_handover", self.m.symbol("zone_add_pages"))
        return runs

    def zone_of(self, pfn):
        return next(z for z in (self.dma, self.normal, self.highmem) if z.start <= pfn < z.end)

    def add(self, start, end, hint=""):
        """Hands frames over, of whatever zones."""
        with expecting(f"zone_add_pages({start:#x}, {end:#x}) returns", hint, ADD):
            self.m.call("zone_add_pages", start, end)
        for pfn in range(start, end):
            zone = self.zone_of(pfn)
            zone.model.put(pfn, 0)
            zone.given.add(pfn)

    def page(self, pfn):
        return self.mem_map + pfn * self.m.layout["page_size"]

    def frame(self, page, order, hint):
        """Of a struct page that the student's function returns."""
        pfn, rest = divmod(page - self.mem_map, self.m.layout["page_size"])
        if rest or not 0 <= pfn < self.highmem.end:
            must, got = f"order {order}: a page of mem_map", f"address {page:#x}"
            raise Failure(must, got, hint or "is the list still whole?", ALLOC)
        return pfn

    def block(self, order):
        """First frame of free ones in NORMAL that no earlier call has given.  As a block it is the
        upper one of its pair, so nobody can take it for a part of a larger one.
        """
        pages = 1 << order
        return self.room(pages, 2 * pages, pages if order < MAX_ORDER else 0)

    def room(self, pages, align=1 << MAX_ORDER, offset=0):
        """First frame of that many, at `offset` behind a multiple of align."""
        for start, end in self.runs:
            first = -(-(max(start, self.used) - offset) // align) * align + offset
            if first + pages <= min(end, self.normal.end):
                self.used = first + pages
                return first
        raise AssertionError("the machine is too small for this test")
