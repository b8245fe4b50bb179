"""Pages that are mapped, one at a time: where they are reached, and what is counted."""

import random
from contextlib import suppress

from grader.machine import PAGE_OFFSET, PAGE_SIZE
from grader.machine.guest import GuestPanic
from grader.verdict import Failure

from .pool import KMAP, KMAP_TRY, KUNMAP, KUNMAP_MANY, MARK, Pool, USER, WRITABLE


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
    m.write_word(m.scratch_address, pool.page(mapped))
    calls = (
        (KUNMAP, (pool.page(mapped),), "after its last kunmap"),
        (KUNMAP, (pool.page(never),), "that was never mapped"),
        (KUNMAP_MANY, (m.scratch_address, 1), "after its last kunmap"),
    )
    for function, arguments, when in calls:
        panic = m.panics(function, *arguments)
        if panic is None or panic.invariant != 5:
            raise Failure(
                f"{function} of a page {when}: a panic by invariant 5",
                str(panic) if panic else "it returned",
                "INVARIANT(5, ...): a kunmap too many would take the slot from its next user",
                (KUNMAP if function == KUNMAP else "pkmap_drop",),
            )
    expect_intact(pool, mapped)


def expect_intact(pool, pfn):
    """At the panic.  The machine ends with it."""

    def state():
        return (
            pool.entries(),
            pool.claim("pkmap_in_use"),
            pool.m.call("page_address", pool.page(pfn)),
        )

    before = state()
    with suppress(GuestPanic):
        pool.m.call(KUNMAP, pool.page(pfn))
    if state() != before:
        raise Failure(
            "entries, pkmap_in_use and page_address() are at the panic as they were before",
            "they have changed",
            "look first: a kunmap too many changes nothing that others go by",
            (KUNMAP,),
        )
