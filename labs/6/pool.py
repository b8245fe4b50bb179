"""The machine with its high pages: each holds a word of its own, which the host has written."""

from grader.machine import PAGE_SIZE
from grader.verdict import Failure

MARK = 0x5A000000  # with the frame's number: the word that it holds
PRESENT, WRITABLE, USER, GLOBAL = 1, 2, 4, 1 << 8
FREE = 50  # slots that are left when the others are pinned: then the pool goes round quickly
PAGES = 96  # where in the scratch memory a list of pages lies
# Of the given kmap_many.c; they come to pkmap_use() and pkmap_drop().
KMAP_TRY, KMAP_MANY, KUNMAP_MANY = "kmap_try", "kmap_many", "kunmap_many"
MANY = 128  # pages of one kmap_many: as many pointers as SCRATCH holds
KMAP, KUNMAP = "kmap_high", "kunmap_high"
TAKE_BACK = ("turn.c", "pkmap_unmap")


class Pool:
    """The machine with its high pages, and who uses which of them."""

    def __init__(self, m):
        self.m, self.layout = m, m.layout
        start, end = m.variable("highstart_pfn"), m.variable("max_pfn")
        self.mem_map, self.size = m.variable("mem_map"), m.layout["page_size"]
        self.frames = [pfn for pfn in range(start, end) if not self.is_reserved(pfn)]
        for pfn in self.frames:
            m.set_word(pfn * PAGE_SIZE, MARK | pfn)
        self.slots = m.variable("pkmap_slots")
        self.base = m.layout["PKMAP_BASE"]
        self.users, self.at = {}, {}  # frame: users; frame: address, while there are any

    def is_reserved(self, pfn):
        return bool(self.flags(pfn) & self.layout["PG_RESERVED"])

    def page(self, pfn):
        return self.mem_map + pfn * self.size

    def flags(self, pfn):
        return self.m.read_word(self.page(pfn) + self.layout["page_flags"])

    def flushes(self):
        """Changes with every flush of the TLB, were it for one kind of access only."""
        return self.m.tlb_flushes()

    def slot(self, address):
        return (address - self.base) // PAGE_SIZE

    def entries(self):
        """{slot: frame} of all that the pool's tables hold, walked from CR3."""
        found = {}
        for table in range(0, self.slots, self.layout["PTRS_PER_PTE"]):
            walk = self.m.walk(self.base + table * PAGE_SIZE)
            at = walk.entries[-1].address
            for slot in range(table, min(table + self.layout["PTRS_PER_PTE"], self.slots)):
                entry = self.m.word(at + PAGE_SIZE // self.layout["PTRS_PER_PTE"] * (slot - table))
                if entry & PRESENT:
                    found[slot] = entry // PAGE_SIZE
        return found

    def kmap(self, pfn, function=KMAP):
        """Judged: in the pool, on a page's border, and no other page's."""
        address = self.m.call(function, self.page(pfn))
        slot = self.slot(address)
        if address % PAGE_SIZE or not 0 <= slot < self.slots:
            raise Failure(
                f"kmap of frame {pfn:#x} returns the address of one of {self.slots} slots",
                f"{address:#x}",
                "PKMAP_ADDR(slot), for a slot below pkmap_slots",
                (KMAP, "kmap_init"),
            )
        other = next((f for f, at in self.at.items() if at == address and f != pfn), None)
        if other is not None:
            raise Failure(
                f"kmap of frame {pfn:#x} gives a slot that nobody uses",
                f"slot {slot}, which is in use by frame {other:#x}",
                "a slot that is in use (count 2 or more) is never handed out, and not taken back",
                ("turn.c", KMAP),
            )
        self.at[pfn], self.users[pfn] = address, self.users.get(pfn, 0) + 1
        return address

    def kunmap(self, pfn, function=KUNMAP):
        if function == KUNMAP:
            self.m.call(KUNMAP, self.page(pfn))
        else:
            self.m.set_word(self.m.SCRATCH + PAGES, self.page(pfn))
            self.m.call(function, self.m.scratch_address + PAGES, 1)
        self.users[pfn] -= 1
        if not self.users[pfn]:
            del self.users[pfn], self.at[pfn]

    def expect_reached(self, pfn, hint="", where=(KMAP,)):
        """By the walk, and by the guest's own CPU."""
        address = self.at[pfn]
        walk = self.m.walk(address)
        if walk.physical != pfn * PAGE_SIZE:
            raise Failure(
                f"{address:#x} leads to frame {pfn:#x}",
                str(walk),
                hint
                or "the entry of the slot holds the frame's number: while the page is in use it stays",
                where,
            )
        word = self.m.load(address)
        if word != MARK | pfn:
            raise Failure(
                f"a load from {address:#x} reads frame {pfn:#x}",
                f"it reads frame {word & ~MARK:#x}: the CPU has an old translation ({walk.entries[-1]})",
                "the slot was handed out before the flush: a slot at 1 is not free",
                ("turn.c", KUNMAP),
            )

    def claim(self, name, index=0):
        return self.m.read_word(self.m.symbol(name) + 4 * index)

    def figure(self, name):
        return self.m.read_word(self.m.symbol("kmap_stats") + self.layout[f"kmap_stats_{name}"])

    def pin(self, but=FREE):
        """All but so many slots are in use.  Returns frames that are not."""
        here = self.slots - len(self.users) - but
        unused = [pfn for pfn in self.frames if pfn not in self.users]
        self.hold(unused[:here])
        return unused[here:]

    def hold(self, frames):
        """They are in use from now on: many at once, since a call takes a millisecond."""
        for part in parts(frames):
            self.many(KMAP_MANY, part)
        slots = {pfn: slot for slot, pfn in self.entries().items()}
        for pfn in frames:
            if pfn not in slots:
                raise Failure(
                    f"kmap_many maps frame {pfn:#x}",
                    "no entry leads there",
                    "kmap_many takes its slots by pkmap_use()",
                    ("pkmap_use",),
                )
            self.at[pfn], self.users[pfn] = self.base + slots[pfn] * PAGE_SIZE, 1

    def many(self, name, frames):
        pointers = b"".join(self.page(pfn).to_bytes(4, "little") for pfn in frames)
        self.m.write(self.m.scratch_address, pointers)
        self.m.call(name, self.m.scratch_address, len(frames))

    def go_round(self, frames, times=1):
        """Each free slot is handed out so often, and one more."""
        free = self.slots - len(self.users)
        for i in range(times * free + 1):
            self.kmap(frames[i % len(frames)])
            self.kunmap(frames[i % len(frames)])


def parts(frames):
    return [frames[start : start + MANY] for start in range(0, len(frames), MANY)]
