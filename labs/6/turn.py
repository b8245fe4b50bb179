"""Slots in their turn: which are handed out, when they are taken back, and by how many flushes."""

import random

from grader.verdict import Failure

from .pool import FREE, KMAP, KUNMAP, Pool, TAKE_BACK

FLUSH = "tlb_flush_past"
STEPS = 50_000  # instructions that no kmap takes up to the flush


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

    with m.watch(FLUSH, at_flush):
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
    expect_stamped_last(pool, others)


def expect_stamped_last(pool, others):
    """A kmap that flushes, instruction by instruction up to the stamp: by then no slot without
    users has an entry.  A pool that flushes in another call is not judged.
    """
    m, left = pool.m, []
    stamp = m.physical(m.symbol("last_stamp"))

    def to_the_stamp(*_):
        before, ends = m.word(stamp), (m.read_word(m.registers()["esp"]), m.symbol(FLUSH))
        for _ in range(STEPS):
            m.step()
            if m.word(stamp) != before:
                left.extend(set(pool.entries().values()) - set(pool.users))
                return
            if m.registers()["eip"] in ends:
                return

    fresh = others[FREE + 1 :]
    for pfn in fresh[: FREE - 1]:
        pool.kmap(pfn)
        pool.kunmap(pfn)
    with m.watch(KMAP, to_the_stamp):
        pool.kmap(fresh[FREE])
    if left:
        raise Failure(
            "when the stamp is taken only slots in use have entries",
            f"{len(left)} others have, such as that of frame {left[0]:#x}",
            "a CPU that flushes by itself between stamp and clearing counts as flushed, and has the"
            " entry again: tlb_stamp() is for entries that have just been cleared",
            ("turn.c",),
        )


def one_flush(m):
    """The TLB's counters are QEMU's, and a flush that was not asked of tlb_flush_past() shows."""
    pool = Pool(m)
    others = pool.pin()
    calls, held, freed, changes, flushes = [], {}, 0, 0, pool.flushes()
    with m.watch(FLUSH, lambda *_: calls.append(1)):
        for pfn in others[: 3 * FREE + 1]:
            place = pool.kmap(pfn)
            if pool.flushes() != flushes:
                freed += forget_lost(held, pool.entries())
            held[pool.slot(place)] = pfn
            pool.kunmap(pfn)
            changes += pool.flushes() != flushes
            flushes = pool.flushes()
    if not 2 <= len(calls) <= 4 or changes != len(calls):
        raise Failure(
            f"{FREE} free slots, {3 * FREE} pages mapped one after the other: a flush for each round",
            f"{len(calls)} calls of tlb_flush_past; kmaps and kunmaps that flushed the TLB: {changes}",
            "one flush makes all slots without users free, so many kmaps share one flush",
            ("turn.c",),
        )
    for name, must in (("flushes", len(calls)), ("reclaimed", freed)):
        if pool.figure(name) != must:
            raise Failure(
                f"kmap_stats.{name} is {must}",
                f"{pool.figure(name)}",
                "flushes: how often all CPUs were flushed; reclaimed: slots that this made free",
                ("turn.c",),
            )


def forget_lost(held, entries):
    """held: {slot: frame} without users.  How many of them lead to their frames no more."""
    lost = [slot for slot, pfn in held.items() if entries.get(slot) != pfn]
    for slot in lost:
        del held[slot]
    return len(lost)


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
