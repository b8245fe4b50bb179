"""A full pool, who waits there, and the lock."""

from grader.machine import Return
from grader.machine.guest import GuestEnd
from grader.verdict import Failure

from .pool import KMAP, KMAP_TRY, KUNMAP, KUNMAP_MANY, Pool

LOCK, NOBODY, ANOTHER = "kmap_lock", 0xFFFFFFFF, 1  # its first word: the CPU that holds it


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
    expect_woken(pool, pfn, KUNMAP)
    expect_no_wait(pool, pfn)
    pool.kmap(pfn)
    expect_woken(pool, pfn, KUNMAP_MANY)


def expect_woken(pool, pfn, function):
    """The page has two users, who leave by that function."""
    woken = []

    def wake(*_):
        woken.append(1)
        return Return(0)

    with pool.m.watch("pkmap_wake_first", wake):
        pool.kunmap(pfn, function)
        early = len(woken)
        pool.kunmap(pfn, function)
    if early or len(woken) != 1:
        raise Failure(
            "the last kunmap wakes the first thread in line, and no other does",
            f"{early} calls of pkmap_wake_first by the first of two uses of {function},"
            f" {len(woken)} in all",
            "a slot that falls to 1 wakes who waits for it, by whichever way: pkmap_wake_first()",
            (function if function == KUNMAP else "pkmap_drop",),
        )


def expect_no_wait(pool, pfn):
    """Its slot is at 1: revived, whoever waits for another."""
    waits = []

    def waiting(use, pages, n):
        waits.append(1)
        return Return(pool.m.call(use, pages, n))

    with pool.m.watch("pkmap_wait_in_line", waiting):
        pool.kmap(pfn)
    if waits:
        raise Failure(
            "kmap of a page whose slot is at 1 revives it, though others wait",
            "it got in line: pkmap_wait_in_line()",
            "the slot is of use to nobody else before a flush: only a page without a slot waits",
            (KMAP,),
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
