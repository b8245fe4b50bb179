"""Lab 5: quicklists of page tables and their marks, judged from outside (lists.py says how)."""

from random import Random

from grader.machine import PAGE_OFFSET
from grader.machine.guest import GuestHang, GuestPanic
from grader.verdict import Failure, expecting

from .lists import CHECK, DRAIN, GIVE_BACK, LEVEL, LEVELS, LINK, PGD, PMD, PTE, Lists, said

LOW, HIGH = 2, 5  # pgt_cache= of lab.toml
KERNEL_PART = (
    "the kernel's part is never cleared: the user part of a PGD is zero before it is freed"
)
LONG = 40  # tables: a usual list, and no more than the page allocator hands out in a row
NO_MEMORY = (
    "while memory is short nothing is kept: all lists go down to nothing, whatever the marks"
)


# Lists.


def lifo(m):
    """Several in, several out, and both by turns; all tables are new, none is freed twice."""
    lists = Lists(m)
    for level in (PTE, PGD):
        lists.keep(level, 4)
        lists.take_last(level)
        lists.take_last(level)
        lists.keep(level, 3)
        for _ in range(5):
            lists.take_last(level)


def empty(m):
    lists = Lists(m)
    for level in LEVELS:
        expect_null(lists, level, "nothing was ever freed")
    for level in LEVELS:
        for _ in lists.keep(level, 2):
            lists.fast(level)
        expect_null(lists, level, "all were handed out")


def expect_null(lists, level, why):
    hint = "an empty list has no head to follow: NULL is returned, and the list is not touched"
    got = lists.fast(level, hint)
    if got:
        raise Failure(f"{level.fast}() returns NULL: {why}", said(got), hint, (level.fast,))


def zeroed(m):
    lists = Lists(m)
    for level in (PTE, PMD):
        for _ in lists.keep(level, 4):
            lists.expect_content(level, lists.take(level), "handed out,", LINK)
    for _ in lists.keep(PGD, 4):
        link = lists.link_of(PGD, lists.take(PGD))
        if link:
            raise Failure("a PGD that is handed out has no link", f"{link:#x}", LINK, (PGD.fast,))


def linked(m):
    """Only the lists use a table while it is cached, so they alone change its words."""
    lists = Lists(m)
    hint = "of a cached table only the first word is used: the address of the next table, or 0"
    for level in (PTE, PMD):
        lists.keep(level, 4)
        lists.expect_linked(level, hint)
        lists.take(level)
        lists.expect_linked(level, hint)


def own_lists(m):
    """All three grow and shrink by turns."""
    lists = Lists(m)
    for _ in range(3):
        for level in LEVELS:
            lists.keep(level, 1, LEVEL)
    for _ in range(3):
        for level in LEVELS:
            lists.take(level, LEVEL)


def pgd_link(m):
    lists = Lists(m)
    hint = "pgd_link(pgd) is the word that links a PGD: an entry could be read by a CPU at any time"
    lists.keep(PGD, 4)
    lists.expect_linked(PGD, hint)
    lists.take(PGD)
    lists.expect_linked(PGD, hint)


def two_levels(m):
    """Without PAE a PGD is a whole page of entries, and its link is the first word of that."""
    lists = Lists(m)
    hint = "pgd_link(pgd) says where the link of a PGD is: in each format elsewhere"
    lists.keep(PGD, 4)
    lists.expect_linked(PGD, hint)
    for _ in range(4):
        pgd = lists.take_last(PGD, hint)
        lists.expect_content(PGD, pgd, "handed out,", hint)
    lists.keep(PGD, HIGH + 1)
    lists.trim(CHECK, {PTE: 0, PMD: 0, PGD: LOW}, over_high)
    lists.expect_linked(PGD, hint)


def pgd_kernel_part(m):
    lists = Lists(m)
    for _ in lists.keep(PGD, 3):
        pgd = lists.take(PGD)
        lists.expect_content(PGD, pgd, "handed out,", KERNEL_PART, lambda at, wanted: not wanted)


def places(m):
    lists = Lists(m)
    for level in LEVELS:
        lists.keep(level, 2)
        expect_place(lists, level, lists.cached[level][-1], "PG_TABLE_CACHED", "freed")
        expect_place(lists, level, lists.take(level), "PG_TABLE_LIVE", "handed out")
        expect_panic(m, level.free, lists.cached[level][0], "of a table that is in the list")
    page = m.call("get_zeroed_page", m.layout["GFP_ATOMIC"])
    expect_panic(m, PTE.free, page, "of a page that is no table")
    expect_panic(m, "zeroed_page_free", lists.make(PTE), "of a table in use")


def expect_place(lists, level, table, must, when):
    if lists.place(table) != must:
        raise Failure(
            f"the page of a {level.name} table that was {when} is in {must}",
            lists.place(table),
            f"table_move() says where a table is: a table that was {when} is in {must}",
            (level.free, level.fast),
        )


def expect_panic(m, function, table, what):
    panic = m.panics(function, table)
    if panic is None or panic.invariant != 33:
        raise Failure(
            f"{function} {what}: a panic by invariant 33",
            panic or "it returned",
            "invariant 33: table_move() panics if the table is not where it is said to come from",
            (function,),
        )


def zeroed_page(m):
    lists = Lists(m)
    lists.keep(PTE, 1)
    page = m.call("get_zeroed_page", m.layout["GFP_ATOMIC"])
    hint = "a zero page serves as a PTE table: it goes to the list of these, as if it had been one"
    with expecting("zeroed_page_free of a zero page returns", hint, ("zeroed_page_free",)):
        m.call("zeroed_page_free", page)
    lists.made[page] = lists.content(page)
    lists.cached[PTE].append(page)
    expect_place(lists, PTE, page, "PG_TABLE_CACHED", "freed")
    lists.take(PTE, hint)
    lists.take(PTE, hint)


# Trimming.


def marks(m):
    """Each list by itself, then all together: the lengths around the marks."""
    lists = Lists(m)
    for level in LEVELS:
        lists.keep(level, HIGH - 1)
        expect_untouched(lists)
        lists.keep(level, 1)
        expect_untouched(lists)
        lists.keep(level, 1)
        stay = lengths(lists) | {level: LOW}
        lists.trim(CHECK, stay, over_high)
    lists.keep(PTE, HIGH - LOW + 1)
    lists.keep(PMD, HIGH - LOW)
    lists.keep(PGD, HIGH - LOW + 3)
    lists.trim(CHECK, {PTE: LOW, PMD: HIGH, PGD: LOW}, over_high)
    lists.expect_kept()


def lengths(lists):
    return {level: len(tables) for level, tables in lists.cached.items()}


def expect_untouched(lists):
    lists.trim(CHECK, lengths(lists), not_over_high)


def not_over_high(level):
    return f"a list of {level.name} tables is trimmed when it is over the high mark, and not before"


def over_high(level):
    return f"the list of {level.name} tables, over the high mark, goes down to the low mark: no further"


def options(m):
    """pgt_cache=3,7."""
    low, high = m.variable("pgt_low_mark"), m.variable("pgt_high_mark")
    hint = "pgt_cache_init() takes the marks from mm_options, which the command line has filled"
    if (low, high) != (3, 7):
        raise Failure("the marks 3 and 7", f"{low} and {high}", hint, ("pgt_cache_init",))
    lists = Lists(m)
    for number, trimmed in ((3, False), (5, True)):
        lists.keep(PTE, number)
        gone, _ = lists.trimmed_by(CHECK)
        if bool(gone) != trimmed:
            must = (
                f"{len(lists.cached[PTE])} tables: {'some are' if trimmed else 'none is'} trimmed"
            )
            raise Failure(must, f"{len(gone)}", hint, (CHECK, "pgt_cache_init"))


def short(m):
    """The page allocator is emptied until its zone is short; then it gets all back.  Meanwhile
    there are tables in all lists, and then in one alone.
    """
    lists = Lists(m)
    for level in LEVELS:
        lists.keep(level, LOW + 1)
    tables = {level: lists.make(level) for level in LEVELS}
    taken = lists.eat()
    nothing = dict.fromkeys(LEVELS, 0)
    lists.trim(CHECK, nothing, lambda level: NO_MEMORY)
    for level, table in tables.items():
        lists.free(level, table)
        lists.trim(CHECK, nothing, lambda level: NO_MEMORY)
    lists.give(taken)
    lists.keep(PMD, LOW)
    hint = "memory is short no longer: lists are kept again"
    lists.trim(CHECK, lengths(lists), lambda level: hint)


def drain(m):
    lists = Lists(m)
    nothing = dict.fromkeys(LEVELS, 0)
    hint = "drain_pgt_cache() goes down to nothing, also with lists below the marks"
    for numbers in ((HIGH + 2, 1, HIGH), (0, LOW, LOW + 1), (0, 0, 0)):
        for level, number in zip(LEVELS, numbers):
            lists.keep(level, number)
        before = [table for tables in lists.cached.values() for table in tables]
        lists.trim(DRAIN, nothing, lambda level: hint)
        for table in before:
            expect_free(lists, table)


def expect_free(lists, table):
    if lists.place(table) != "0":
        raise Failure("a page that was given back is no table", lists.place(table), GIVE_BACK)


def disagree(m):
    """The host writes the count: too large, then too small, and that of a long list."""
    for function, level, number, count in (
        (CHECK, PTE, 3, 40),
        (DRAIN, PGD, 2, 9),
        (DRAIN, PMD, HIGH + 3, 2),
        (DRAIN, PTE, 2, 0),
        (DRAIN, PMD, LONG, 2),
    ):
        lists = Lists(m)
        lists.keep(level, number)
        lists.set_count(level, count)
        expect_settled(
            lists, level, function, f"{number} tables are listed, the count said {count}"
        )
        lists.expect_kept(f"behind a trim with a wrong count ({count}, not {number})")
        lists.expect_empty(level)
    expect_an_end(Lists(m))


def expect_an_end(lists):
    """The host links the last of three tables to the one before it, and the count says one."""
    first, second, _ = lists.keep(PTE, 3)
    lists.m.set_word(first - PAGE_OFFSET + lists.link[PTE], second)
    lists.set_count(PTE, 1)
    must, hint = (
        f"{DRAIN}() ends at a list that runs in a circle",
        "whoever counts tables needs a bound",
    )
    try:
        lists.m.call(DRAIN)
    except GuestHang as hang:
        raise Failure(must, hang, hint, (DRAIN,), hang.status) from hang
    except GuestPanic as panic:
        if panic.invariant != 33:
            raise Failure(must, panic, hint, (DRAIN,), panic.status) from panic


def expect_settled(lists, level, function, what):
    errors, hint = [], f"invariant 42: a trim ends where the list or the count does. {what}"

    def said_by(*_):
        """printk(level, format, ...) has all on the stack."""
        esp = lists.m.stub.registers()["esp"]
        if lists.m.read_word(esp + 4) == lists.layout["LOG_ERROR"]:
            errors.append(1)

    with lists.m.watch("printk", said_by):
        gone, _ = lists.trimmed_by(function, hint)
    lists.cached[level] = [table for table in lists.cached[level] if table not in gone]
    if not errors:
        raise Failure(f"{function}() says so by pr_err", "nothing was said", hint, (function,))
    left, count = len(lists.cached[level]), lists.claim(level, "count")
    if count != left:
        must = f"behind it the count is that of the {left} tables that are left"
        raise Failure(must, count, hint, (function,))


# CPUs, figures, and all together.


def own_cpu(m):
    """The machine's one CPU plays two: its %fs leads to one set of variables or to another."""
    lists, other = Lists(m), Lists(m)
    hint = (
        "this_cpu(list) is the list of the CPU that runs the code, and lies elsewhere on each CPU"
    )
    lists.new_cpu()
    tables = {level: other.make(level) for level in LEVELS}
    for level in LEVELS:
        lists.keep(level, 3)
    other.become(1)
    for level, table in tables.items():
        other.free(level, table, hint)
        other.take(level, hint)
    other.keep(PTE, 2, hint)
    other.trim(DRAIN, dict.fromkeys(LEVELS, 0), lambda level: hint)
    lists.become(0)
    lists.expect_kept(hint)


def counts(m):
    lists = Lists(m)
    for level in LEVELS:
        lists.keep(level, 3)
        lists.expect_count(level, ": three were freed")
        lists.take(level)
        lists.expect_count(level, ": one of three was handed out")
        lists.keep(level, HIGH)
    trimmed = dict.fromkeys(LEVELS, 0)
    for function in (CHECK, DRAIN):
        gone, _ = lists.trimmed_by(function)
        for level, tables in lists.cached.items():
            trimmed[level] += len(gone.intersection(tables))
            lists.cached[level] = [table for table in tables if table not in gone]
            lists.expect_count(level, f" behind {function}()")
            expect_trimmed(lists, level, trimmed[level])


def expect_trimmed(lists, level, must):
    seen = lists.claim(level, "trimmed")
    if seen != must:
        hint = "trimmed counts the tables given back to the page allocator, one by one"
        raise Failure(f"{level.list}.trimmed is {must}", seen, hint, (CHECK, DRAIN))


def random(m):
    lists, chance, live = Lists(m), Random(m.seed), {level: [] for level in LEVELS}
    for _ in range(300):
        step(lists, chance, live)
        for level in LEVELS:
            lists.expect_count(level)


def step(lists, chance, live):
    """One operation.  Tables in use are at most six of a level, so that the page allocator's own
    lists stay short.
    """
    level, dice = chance.choice(LEVELS), chance.random()
    if dice < 0.05:
        lists.trim(DRAIN, dict.fromkeys(LEVELS, 0), not_over_high)
    elif dice < 0.2:
        stay = {each: LOW if n > HIGH else n for each, n in lengths(lists).items()}
        lists.trim(CHECK, stay, over_high)
    elif live[level] and (dice < 0.65 or len(live[level]) == 6):
        table = live[level].pop(chance.randrange(len(live[level])))
        lists.free(level, table)
    elif lists.cached[level] and dice < 0.85:
        table = lists.take_last(level)
        lists.expect_content(level, table, "handed out,", LINK)
        live[level].append(table)
    elif len(live[level]) < 6:
        live[level].append(lists.make(level))
