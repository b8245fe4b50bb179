"""Lab 6: the kmap pool on one CPU, judged from outside.

Each high frame holds a word of its own, written by the host.  Whether a page is reached is what the
guest's CPU reads through the address that kmap returned: a translation that is out of date shows as
another frame's word.  What the counts say is the student's claim, and compared with that.
"""

import random

from grader.machine.guest import GuestEnd
from grader.machine import PAGE_OFFSET, PAGE_SIZE, Return
from grader.verdict import Failure

MARK = 0x5A000000  # with the frame's number: the word that it holds
PRESENT, WRITABLE, USER, GLOBAL = 1, 2, 4, 1 << 8
FREE = 50  # slots that are left when the others are pinned: then the pool goes round quickly
TABLE_SPAN = 4 << 20  # bytes that one page table maps
PAGES = 96  # where in the scratch memory a list of pages lies
# Of the given kmap_many.c; they come to pkmap_use() and pkmap_drop().
KMAP_TRY, KMAP_MANY, KUNMAP_MANY = "kmap_try", "kmap_many", "kunmap_many"
MANY = 128  # pages of one kmap_many: as many pointers as SCRATCH holds
KMAP, KUNMAP = "kmap_high", "kunmap_high"
LOCK, NOBODY, ANOTHER = "kmap_lock", 0xFFFFFFFF, 1  # its first word: the CPU that holds it
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
        """They are in use from now on: many at once, since a call takes the grader a millisecond."""
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


# The tests.


def maps(m):
    pool = Pool(m)
    for pfn in pool.frames[:6] + pool.frames[-3:]:
        address = pool.kmap(pfn)
        pool.expect_reached(pfn, "the entry of the slot holds the frame's number")
        entry = m.walk(address).entries[-1]
        if not entry.value & WRITABLE or entry.value & USER:
            raise Failure(
                "an entry that is present, writable, and the kernel's alone",
                str(entry),
                "PAGE_KERNEL is the protection of the kernel's own mappings",
                (KMAP,),
            )
        m.store(address, MARK | pfn | 1 << 23)
        if m.word(pfn * PAGE_SIZE) != MARK | pfn | 1 << 23:
            raise Failure(
                f"what is written at {address:#x} is in frame {pfn:#x}",
                f"the frame holds {m.word(pfn * PAGE_SIZE):#x}",
                "the entry leads to another frame, or the CPU has an old one",
                (KMAP,),
            )
        m.set_word(pfn * PAGE_SIZE, MARK | pfn)


def same_page(m):
    pool = Pool(m)
    first, other = pool.frames[:2]
    addresses = [pool.kmap(first), pool.kmap(other), pool.kmap(first), pool.kmap(first)]
    if len({addresses[0], addresses[2], addresses[3]}) != 1:
        raise Failure(
            "three kmaps of one page return one address",
            ", ".join(f"{a:#x}" for a in (addresses[0], addresses[2], addresses[3])),
            "a page that has a slot keeps the same address: page->virtual says whether it has one",
            (KMAP,),
        )
    others = pool.pin()
    hint = "the page still has users: only the last kunmap gives the slot up"
    for _ in range(2):
        pool.kunmap(first)
        pool.go_round(others)
        pool.expect_reached(first, hint)


def revival(m):
    pool = Pool(m)
    pfn = pool.frames[7]
    others = pool.pin()
    place = pool.kmap(others[0])
    pfn = others.pop(0)
    pool.kunmap(pfn)
    for other in others[:5]:
        pool.kmap(other)
    flushes = pool.flushes()
    again = pool.kmap(pfn)
    if again != place or pool.flushes() != flushes:
        raise Failure(
            f"frame {pfn:#x} is mapped at the same address again, {place:#x}, without a flush",
            f"{again:#x}" + (", and a flush" if pool.flushes() != flushes else ""),
            "the slot at 1 has the page's entry still, and page->virtual its same address",
            (KMAP, KUNMAP),
        )
    pool.expect_reached(pfn)
    pool.go_round(others[5:])
    pool.expect_reached(pfn, "a slot that was revived is in use: the wrap must not take it back")
    expect_counts(pool)


def address(m):
    pool = Pool(m)
    low, high = 0x300, pool.frames[3]

    def expect(pfn, must, when):
        got = m.call("page_address", pool.page(pfn))
        if got != must:
            raise Failure(
                f"page_address of frame {pfn:#x}, {when}: {must:#x}",
                f"{got:#x}",
                "a low page has its direct address, a high page that of its slot or none",
                ("page_address",),
            )

    expect(low, PAGE_OFFSET + low * PAGE_SIZE, "a low page")
    expect(high, 0, "never mapped")
    expect(high, pool.kmap(high), "mapped")


def stale(m):
    """Most of the pool is in use, and pages come and go at random.  The CPU reads each by its
    address, and no slot changes its page before a flush.
    """
    pool, rng = Pool(m), random.Random(m.seed)
    others = pool.pin()
    used, flushes = {place: pfn for pfn, place in pool.at.items()}, pool.flushes()
    for i in range(4 * FREE):
        leaves = rng.choice(list(pool.users))
        pool.expect_reached(leaves)
        pool.kunmap(leaves)
        pfn = others[i]
        place = pool.kmap(pfn)
        if pool.flushes() != flushes:
            used, flushes = {at: owner for owner, at in pool.at.items()}, pool.flushes()
        if used.get(place, pfn) != pfn:
            raise Failure(
                f"slot {pool.slot(place)} is not handed out again before a flush",
                f"frame {pfn:#x} has it, frame {used[place]:#x} had it before, and no TLB was flushed",
                "a slot at 1 is not free: only a flush of every TLB makes it so",
                ("turn.c", KUNMAP),
            )
        used[place] = pfn
        pool.expect_reached(pfn)


def wrap(m):
    pool = Pool(m)
    others = pool.pin()
    pool.kmap(pool.frames[3])
    kept = random.Random(m.seed).sample(list(pool.users), 40) + [pool.frames[3]]
    for round_ in range(2):
        pool.go_round(others)
        for pfn in kept:
            pool.expect_reached(
                pfn,
                f"after {round_ + 1} wraps: slots in use are left alone, at any count from 2 on",
            )
    expect_one_slot_each(pool)


def expect_one_slot_each(pool):
    owner = {}
    for slot, pfn in pool.entries().items():
        if pfn in owner:
            raise Failure(
                f"frame {pfn:#x} has one slot",
                f"slots {owner[pfn]} and {slot} lead to it",
                "when a slot is taken back its page forgets the address, and the entry goes",
                TAKE_BACK,
            )
        owner[pfn] = slot


def unmapped(m):
    """What was taken back by a wrap: entries gone, and pages that know of no slot."""
    pool = Pool(m)
    others = pool.pin()
    old, rest = others[:40], others[40:]
    for pfn in old:
        pool.kmap(pfn)
        pool.kunmap(pfn)
    flushes = pool.flushes()
    while rest and pool.flushes() == flushes:
        pool.kmap(rest[0])
        pool.kunmap(rest.pop(0))
    left = [pfn for pfn in old if pfn in pool.entries().values()]
    if left:
        raise Failure(
            "no entry leads to a page whose slot was taken back",
            f"one leads to frame {left[0]:#x}",
            "the flush makes a slot free, and its entry is cleared before",
            TAKE_BACK,
        )
    expect_one_slot_each(pool)
    for pfn in old:
        said = pool.m.call("page_address", pool.page(pfn))
        if said:
            raise Failure(
                f"page_address of frame {pfn:#x}, whose slot was taken back, is 0",
                f"{said:#x}",
                "page->virtual of the last page still names the slot",
                TAKE_BACK,
            )
    for pfn in old[:5]:
        pool.kmap(pfn)
        pool.expect_reached(pfn)


def flush_order(m):
    """At the moment of the flush: which slots still have an entry, and who uses them."""
    pool = Pool(m)
    others, seen = pool.pin(), []
    kept = set(pool.users)

    def at_flush(*_):
        seen.append(pool.entries())

    with m.watch("tlb_flush_past", at_flush):
        pool.go_round(others)
    if not seen:
        raise Failure(
            "the pool goes round by tlb_flush_past()",
            "it is never called",
            "tlb_flush_past(tlb_stamp()) flushes every CPU that needs it",
            ("turn.c",),
        )
    for entries in seen:
        left = {slot: pfn for slot, pfn in entries.items() if pfn not in kept}
        if left:
            slot, pfn = next(iter(left.items()))
            raise Failure(
                "when the flush begins only slots in use have entries",
                f"{len(left)} others have: slot {slot} leads to frame {pfn:#x}",
                "entries are cleared before the flush: after it a CPU may have read them again",
                ("turn.c",),
            )


def one_flush(m):
    """The TLB's counters are QEMU's, and a flush that was not asked of tlb_flush_past() shows."""
    pool = Pool(m)
    others = pool.pin()
    calls, held, changes, flushes = [], set(), 0, pool.flushes()

    def at_flush(*_):
        """How many slots it makes free: those that have lost their entries."""
        left = pool.entries().keys()
        calls.append(len(held - left))
        held.intersection_update(left)

    with m.watch("tlb_flush_past", at_flush):
        for i in range(3 * FREE + 1):
            held.add(pool.slot(pool.kmap(others[i])))
            pool.kunmap(others[i])
            changes += pool.flushes() != flushes
            flushes = pool.flushes()
    if not 2 <= len(calls) <= 4 or changes != len(calls):
        raise Failure(
            f"{FREE} free slots, {3 * FREE} pages mapped one after the other: a flush for each round",
            f"{len(calls)} calls of tlb_flush_past; kmaps and kunmaps that flushed the TLB: {changes}",
            "one flush makes all slots without users free, so many kmaps share one flush",
            ("turn.c",),
        )
    for name, must in (("flushes", len(calls)), ("reclaimed", sum(calls))):
        if pool.figure(name) != must:
            raise Failure(
                f"kmap_stats.{name} is {must}",
                f"{pool.figure(name)}",
                "flushes: how often all CPUs were flushed; reclaimed: slots that this made free",
                ("turn.c",),
            )


def full(m):
    pool = Pool(m)
    flushes = pool.flushes()
    for pfn in pool.frames[: pool.slots]:
        pool.kmap(pfn)
    if pool.flushes() != flushes:
        raise Failure(
            f"a new pool has {pool.slots} free slots, which are handed out without a flush",
            "the TLB was flushed before every slot was handed out",
            "every slot counts, the first and the last too",
            ("turn.c", "kmap_init"),
        )
    for pfn in list(pool.users)[::40]:
        pool.expect_reached(pfn)
    hint = "pkmap_in_use == pkmap_slots: every slot is in use, and none can be had"
    expect_wait(pool, pool.frames[pool.slots], "when every slot is in use", hint)
    address = m.call(KMAP_TRY, pool.page(pool.frames[pool.slots]))
    if address:
        raise Failure(
            "kmap_try of one page more, when every slot is in use, returns 0",
            f"{address:#x}",
            "pkmap_use() is false if every slot is in use",
            ("pkmap_use",),
        )
    pool.kunmap(pool.frames[5])
    pool.kmap(pool.frames[pool.slots])
    pool.expect_reached(pool.frames[pool.slots])


def expect_wait(pool, pfn, when, hint):
    waits = []

    def waiting(*_):
        waits.append(1)
        return Return(0)

    seen = "it returned without"
    try:
        with pool.m.watch("pkmap_wait_in_line", waiting):
            pool.m.call(KMAP, pool.page(pfn))
    except GuestEnd as end:
        seen = str(end)
    if not waits:
        raise Failure(f"{when} kmap waits: pkmap_wait_in_line()", seen, hint, (KMAP,))


def retired(m):
    """A page that is freed while its slot is at 1."""
    pool = Pool(m)
    others = pool.pin()
    pfn = others.pop()
    place = pool.kmap(pfn)
    pool.kunmap(pfn)
    m.call("pkmap_retire", pool.page(pfn))
    if m.walk(place).physical is not None:
        raise Failure(
            "the slot of a freed page has no entry",
            str(m.walk(place)),
            "pkmap_unmap() clears it",
            ("pkmap_unmap",),
        )
    flushes, back = pool.flushes(), False
    for other in others[: 2 * FREE + 2]:
        at = pool.kmap(other)
        if at == place and pool.flushes() == flushes:
            raise Failure(
                "a retired slot is handed out behind the next flush",
                "it was handed out before",
                "PKMAP_RETIRED is not 0: the search passes over it",
                ("turn.c",),
            )
        back |= at == place
        pool.expect_reached(other) if at == place else None
        pool.kunmap(other)
    if not back:
        raise Failure(
            "a retired slot is free behind the flush",
            f"{2 * FREE} kmaps later it has not come back",
            "the flush makes retired slots free too, and they have no entry to clear",
            ("turn.c",),
        )


def waiter(m):
    """The line is not empty: a ticket of the grader's is in it.  Who has no slot gets in line
    behind it, though there are free ones.
    """
    pool = Pool(m)
    pfn, line = pool.frames[0], m.symbol("pkmap_tickets")
    pool.kmap(pfn)
    pool.kmap(pfn)
    ticket = m.scratch_address + 64
    for at in (line, line + 4):
        m.write(at, ticket.to_bytes(4, "little"))
    for at in (ticket, ticket + 4):
        m.write(at, line.to_bytes(4, "little"))
    hint = "pkmap_tickets is not empty: those who wait already come first"
    expect_wait(pool, pool.frames[1], "when others wait, and the page has no slot,", hint)
    woken = []

    def wake(*_):
        woken.append(1)
        return Return(0)

    with m.watch("pkmap_wake_first", wake):
        pool.kunmap(pfn)
        early = len(woken)
        pool.kunmap(pfn)
    if early or len(woken) != 1:
        raise Failure(
            "the last kunmap wakes the first thread in line, and no other does",
            f"{early} calls of pkmap_wake_first by the first of two kunmaps, {len(woken)} in all",
            "a slot that falls to 1 wakes who waits for it: pkmap_wake_first()",
            (KUNMAP,),
        )


def locked(m):
    """Another CPU holds the lock: whoever comes looks and changes nothing before it is free.  It is
    held while the TLBs are flushed, and free at the end.
    """
    pool = Pool(m)
    pfn = pool.frames[0]
    expect_lock(pool, pool.kmap, pfn, "kmap of a page without a slot")
    expect_lock(pool, pool.kmap, pfn, "kmap of a page with a slot")
    expect_lock(pool, pool.kunmap, pfn, "kunmap")
    others, holders = pool.pin(), []
    with m.watch("tlb_flush_past", lambda *_: holders.append(m.variable(LOCK))):
        pool.go_round(others)
    if holders != len(holders) * [m.cpu]:
        raise Failure(
            "kmap_lock is held while all CPUs are flushed",
            f"it is {held_by(next(holder for holder in holders if holder != m.cpu))}",
            "meanwhile another CPU could hand out a slot at 0 that a third still translates",
            ("turn.c",),
        )


def expect_lock(pool, function, pfn, what):
    m, waits = pool.m, []

    def state():
        return pool.entries(), m.read(m.symbol("pkmap_count"), 4 * pool.slots)

    def waiting(*_):
        """In spin_wait(), which takes it as soon as it is free."""
        waits.append(state())
        m.write_word(m.symbol(LOCK), NOBODY)

    m.write_word(m.symbol(LOCK), ANOTHER)
    before = state()
    with m.watch("spin_wait", waiting):
        function(pfn)
    hint = "kmap_lock guards counts, entries and virtual: take it first, and release it last"
    if waits != [before]:
        seen = "it has changed something before" if waits else "it did not look at the lock"
        raise Failure(f"{what} waits for kmap_lock", seen, hint, (KMAP, KUNMAP))
    if m.variable(LOCK) != NOBODY:
        said = held_by(m.variable(LOCK))
        raise Failure(f"{what} releases kmap_lock", f"it is {said}", hint, (KMAP, KUNMAP))


def held_by(owner):
    return "free" if owner == NOBODY else f"held by CPU {owner}"


def not_global(m):
    """Entries that a load of CR3 forgets: with them it is all that the flush does."""
    m.write(m.symbol("pkmap_is_global"), b"\0")
    m.run_to("report_memory")
    pool = Pool(m)
    others = pool.pin()
    for pfn in list(pool.users)[:4]:
        entry = m.walk(pool.at[pfn]).entries[-1]
        if entry.value & GLOBAL:
            raise Failure(
                "an entry that is not Global, since pkmap_is_global is false",
                str(entry),
                "a Global entry outlives the load of CR3: without _PAGE_GLOBAL if it says false",
                ("kmap_init", KMAP),
            )
    for i in range(2 * FREE + 1):
        pool.kmap(others[i])
        pool.expect_reached(others[i])
        pool.kunmap(others[i])


def three_levels(m):
    """With PAE, where a page table has 512 entries of 8 bytes."""
    pool, must = Pool(m), m.layout["PTRS_PER_PTE"]
    if pool.slots != must:
        hint = "PTRS_PER_PTE is how many entries a page table has in this format, and so slots"
        raise Failure(f"{must} slots", f"pkmap_slots is {pool.slots}", hint, ("kmap_init",))
    others = pool.pin()
    pool.go_round(others, 2)
    hint = (
        "nothing but PTRS_PER_PTE says how long a table is: is each slot searched and taken back?"
    )
    for pfn in [*list(pool.users)[::31], *others[:FREE]]:
        pool.kmap(pfn)
        pool.expect_reached(pfn, hint, ("turn.c", KMAP))


def exchange_tables(m, base):
    """The first page table of the pool, empty still, lies behind the second: not side by side."""
    first, second = (m.walk(base + n).entries[0] for n in (0, TABLE_SPAN))
    m.set_word(first.address, second.value)
    m.set_word(second.address, first.value)


def tables(m):
    exchange_tables(m, m.layout["PKMAP_BASE"])
    m.run_to("report_memory")
    pool = Pool(m)
    if pool.slots != 2 * m.layout["PTRS_PER_PTE"]:
        raise Failure(
            f"{2 * m.layout['PTRS_PER_PTE']} slots",
            f"pkmap_slots is {pool.slots}",
            "mm_options.pkmap_tables is what pkmap_tables= said",
            ("kmap_init",),
        )
    others = pool.pin()
    seen = {pool.slot(place) for place in pool.at.values()}
    for pfn in list(pool.users)[::97]:
        pool.expect_reached(pfn)
    border = [pfn for pfn, place in pool.at.items() if place == pool.base + TABLE_SPAN]
    left = {*list(pool.users)[::31], *border}
    for pfn in left:
        pool.kunmap(pfn)
    free = set(range(pool.slots)) - {pool.slot(place) for place in pool.at.values()}
    again = set()
    for i in range(3 * len(free)):
        pfn = others[i % len(others)]
        again.add(pool.slot(pool.kmap(pfn)))
        pool.expect_reached(pfn)
        pool.kunmap(pfn)
    if len(seen) != pool.slots - FREE or again != free:
        raise Failure(
            f"{len(free)} slots without users, in both tables, are handed out behind the flush",
            f"{len(again)}, such as {min(again)} and {max(again)}",
            "pkmap_tables says how many page tables there are: each is searched and taken back",
            ("turn.c", "kmap_init"),
        )
    hint = "its slot was taken back, but the page has its address still; is the slot of this table?"
    for pfn in left:
        pool.kmap(pfn)
        pool.expect_reached(pfn, hint, TAKE_BACK)


def expect_counts(pool):
    """The claims: of each slot that leads somewhere, and how many are in use."""
    entries = pool.entries()
    for slot, pfn in entries.items():
        must, said = pool.users.get(pfn, 0) + 1, pool.claim("pkmap_count", slot)
        if said != must:
            raise Failure(
                f"pkmap_count[{slot}], whose page has {must - 1} users, is {must}",
                f"{said}",
                "0: free; 1: no user, perhaps still in a TLB; n: n - 1 users",
                (KMAP, KUNMAP),
            )
    in_use, said = len(pool.users), pool.claim("pkmap_in_use")
    if in_use != said:
        raise Failure(
            f"pkmap_in_use is {in_use}, as many as have users",
            f"{said}",
            "pkmap_in_use changes when a count passes between 1 and 2, up, down and by a revival",
            (KMAP, KUNMAP),
        )


def counts(m):
    pool = Pool(m)
    rng = random.Random(m.seed)
    some = pool.frames[:12]
    maps_, new, revived = 0, 0, 0
    for _ in range(150):
        pfn = rng.choice(some)
        if pfn in pool.users and rng.random() < 0.5:
            pool.kunmap(pfn, rng.choice((KUNMAP, KUNMAP_MANY)))
        else:
            known, used = pfn in pool.entries().values(), pfn in pool.users
            pool.kmap(pfn, rng.choice((KMAP, KMAP_TRY)))
            maps_ += 1
            new += not known
            revived += known and not used
        expect_counts(pool)
    for name, must in (("maps", maps_), ("new_maps", new), ("revivals", revived)):
        if pool.figure(name) != must:
            raise Failure(
                f"kmap_stats.{name} is {must}",
                f"{pool.figure(name)}",
                "maps: all; new_maps: a slot handed out; revivals: a slot at 1 taken up again",
                (KMAP,),
            )


def wrong_use(m):
    pool = Pool(m)
    mapped, never = pool.frames[0], pool.frames[1]
    pool.kmap(mapped)
    pool.kunmap(mapped)
    for pfn, when in ((mapped, "after its last kunmap"), (never, "that was never mapped")):
        panic = m.panics(KUNMAP, pool.page(pfn))
        if panic is None or panic.invariant != 5:
            raise Failure(
                f"kunmap of a page {when}: a panic by invariant 5",
                str(panic) if panic else "it returned",
                "INVARIANT(5, ...): a kunmap too many would take the slot from its next user",
                (KUNMAP,),
            )
