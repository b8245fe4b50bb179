"""The pool's page tables: entries that are not Global, the other format, two tables."""

from grader.verdict import Failure

from .pool import FREE, GLOBAL, KMAP, Pool, TAKE_BACK

TABLE_SPAN = 4 << 20  # bytes that one page table maps


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
