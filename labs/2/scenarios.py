"""Lab 2: the kernel's page tables, judged from outside (tables.py says how).

Two-level paging.  The host walks the tables that paging_init() has built; after paging_enable() the
guest's own CPU loads and stores through them.
"""

from collections import Counter

from grader.machine.guest import GuestPanic
from grader.machine import PAGE_OFFSET, PAGE_SIZE, U64
from grader.verdict import Failure, expecting

from .tables import (
    A,
    D,
    ENTRIES,
    FIRST_MIB,
    G,
    HOLE,
    INIT,
    KERNEL,
    LARGE,
    P,
    PCD,
    PS,
    PWT,
    RW,
    US,
    Tables,
    entry_by_the_host,
    fault_of,
    index_of,
    make_hole,
    walk,
)

ENABLE = ("paging_enable",)
TABLE = P | RW | A | D


def covers(m):
    """Every frame of low memory, at its address."""
    t = Tables(m).build()
    for pfn in filter(t.is_mapped, range(t.low_end)):
        address = PAGE_OFFSET + pfn * PAGE_SIZE
        found = t.walk(address)
        if found.physical != pfn * PAGE_SIZE:
            expected = f"{address:#x} leads to physical {pfn * PAGE_SIZE:#x}"
            raise Failure(expected, found, cover_hint(t, pfn, found), INIT)


def cover_hint(t, pfn, found):
    if found.physical is not None:
        return "the direct map: physical address + PAGE_OFFSET, in every entry"
    if pfn < FIRST_MIB and not t.is_ram(pfn):
        return "the first MiB is mapped as a whole: screen and firmware lie in it, RAM or not"
    if pfn >= t.low_end // ENTRIES * ENTRIES:
        return "low memory need not end where a page table ends: what of its last frames?"
    if pfn in t.modules:
        return "a boot module lies in RAM, and somebody will read it: all RAM is mapped, whatever lies in it"
    return "which frames does your loop leave out, and why?"


def nothing_else(m):
    """With a hole in the RAM: neither it, nor the guard page, nor what lies beyond.  Large pages
    that begin in low memory are another test's subject.
    """
    t = Tables(m, make_hole).build().expect_direct_map()
    for start, _, size in t.leaves():
        if size == LARGE and PAGE_OFFSET <= start < PAGE_OFFSET + t.low_end * PAGE_SIZE:
            continue
        for address in range(start, start + size, PAGE_SIZE):
            pfn = (address - PAGE_OFFSET) // PAGE_SIZE
            if address < PAGE_OFFSET or not t.is_mapped(pfn):
                expect_absent(t, address, pfn)


def expect_absent(t, address, pfn):
    hints = {
        "user addresses": address < PAGE_OFFSET,
        "the guard page below the boot stack": pfn == t.guard,
        "a hole in the RAM": pfn < t.low_end and not t.is_ram(pfn),
    }
    what = next((name for name, true in hints.items() if true), "an address behind low memory")
    raise Failure(
        f"{address:#x} leads nowhere: it is {what}",
        t.walk(address),
        {
            "user addresses": "no user part: the early tables' identity map is not for the kernel's own",
            "the guard page below the boot stack": "boot_stack_guard: a stack that overflows must fault",
            "a hole in the RAM": "no RAM, no entry (but the first MiB): pfn_is_ram, ram_pages_between",
        }.get(what, "the direct map ends at max_low_pfn; all other tables are empty"),
        INIT,
    )


def large(m):
    """Without a hole: what is RAM throughout and needs one protection is one entry."""
    t = Tables(m).build()
    must = {n for n in range(t.low_end // ENTRIES) if t.may_be_large(n)}
    missing = must - t.large()
    if missing:
        number = min(missing)
        address = PAGE_OFFSET + number * LARGE
        raise Failure(
            f"{LARGE >> 20} MiB at {address:#x} are one large page: RAM throughout, none of it the kernel's",
            t.walk(address),
            "a large page saves a table and 1023 entries: set_pmd_large() where all of it is RAM, also"
            " where a boot module lies",
            INIT,
        )


def not_large(m):
    """A hole, the end of memory, the kernel; `nolarge`; a CPU without PSE."""
    t = Tables(m, make_hole)
    with t.build_again():
        if not t.large():
            hint = "this test is about where large pages may not be: first there must be some"
            raise Failure("some large pages, which could be judged", "there are none", hint, INIT)
        for number in sorted(t.large()):
            if not t.may_be_large(number):
                raise refused_large(t, number)
    for flags, why in (
        ({"nolarge": 1}, "mm_options.nolarge: the command line asked for none"),
        ({"pse": 0}, "a CPU without PSE ignores PS: LARGE_PAGES_NEED_PSE, cpu_features.pse"),
    ):
        with t.build_again(**flags):
            if t.large():
                said = t.walk(PAGE_OFFSET + min(t.large()) * LARGE)
                raise Failure(f"no large page: {why}", said, why, INIT)


def refused_large(t, number):
    end = (number + 1) * ENTRIES
    if end > t.low_end:
        why = "low memory ends in it"
    elif HOLE.start // ENTRIES == number:
        why = "it has a hole that is no RAM"
    else:
        why = "screen, firmware or the kernel's text lie in it"
    return Failure(
        f"no large page at {PAGE_OFFSET + number * LARGE:#x}: {why}",
        t.walk(PAGE_OFFSET + number * LARGE),
        "a large page must be RAM throughout, and need one protection throughout: " + why,
        INIT,
    )


def protection(m):
    """What of the image may be written, and that user mode reaches nothing."""
    t = Tables(m).build().expect_direct_map()
    text, constants, end = (
        m.symbol(n) for n in ("kernel_start", "kernel_text_end", "kernel_rodata_end")
    )
    uppers = t.uppers()
    for address, value, _ in t.direct_map():
        upper = uppers[index_of(address)]
        if (value | upper) & US:
            hint = "_KERNEL_TABLE and PAGE_KERNEL: the kernel's part has no US bit, at no level"
            raise Failure(f"user mode cannot reach {address:#x}", t.walk(address), hint, INIT)
        must, is_so = not text <= address < end, bool(value & upper & RW)
        if must != is_so:
            what = "text" if text <= address < constants else "constants" if not must else "data"
            raise Failure(
                f"{address:#x}, {what} of the kernel, is {'writable' if must else 'read-only'}",
                t.walk(address),
                "text and constants are read-only, all else is writable: from kernel_start to "
                "kernel_text_end, from there to kernel_rodata_end; the upper entry gives RW",
                INIT,
            )


def bits(m):
    """Accessed and Dirty beforehand, Global where there is PGE."""
    t = Tables(m)
    with t.build_again():
        expect_bits(t, G, "this CPU has PGE")
    with t.build_again(pge=0):
        expect_bits(t, 0, "this CPU has no PGE")


def expect_bits(t, must_be_global, why):
    for address, value, _ in t.expect_direct_map().leaves():
        if value & G != must_be_global:
            raise Failure(
                f"the last entry of {address:#x} is {'' if must_be_global else 'not '}Global: {why}",
                t.walk(address),
                "pte_global_bit is a part of PAGE_KERNEL: who decides it, and when?",
                ("paging_init",),
            )
        if value & (A | D | PWT | PCD) != A | D:
            hint = "the CPU shall never write to a kernel entry: PAGE_KERNEL has A and D, and neither PWT nor PCD"
            raise Failure(
                f"the last entry of {address:#x} has A and D", t.walk(address), hint, INIT
            )
    for index, value in t.uppers().items():
        if not value & PS and value & (A | PWT | PCD) != A:
            hint = "_KERNEL_TABLE has A too: the CPU shall not write to upper entries either"
            walked = t.walk(index * LARGE).entries[0]
            raise Failure("an upper entry that leads to a table has A", walked, hint, INIT)


def tables(m):
    """Those of vmalloc, fixmap and PKMap stand, are empty, and are nobody else's."""
    t = Tables(m).build()
    areas = areas_of(t, pkmap_tables=2)
    of_table = dict(t.tables())
    for name, indices in areas.items():
        for index in indices:
            expect_empty_table(t, name, index, of_table)
    of_table = {index: at for index, at in of_table.items() if index >= KERNEL}
    shared = [at for at, times in Counter(of_table.values()).items() if times > 1]
    if shared:
        said = [f"PGD[{i}]" for i, at in of_table.items() if at == shared[0]]
        hint = "an empty table will have entries later: each address needs a table of its own"
        raise Failure("a table belongs to one entry", f"{', '.join(said)} share one", hint, INIT)
    expect_no_more(t, areas)


def areas_of(t, pkmap_tables):
    layout = t.m.layout
    start = {
        "vmalloc": (t.m.variable("vmalloc_start"), layout["VMALLOC_END"]),
        "the fixmap": (layout["FIXADDR_START"], layout["FIXADDR_TOP"]),
        "the PKMap": (layout["PKMAP_BASE"], layout["PKMAP_BASE"] + pkmap_tables * LARGE),
    }
    return {name: range(index_of(a), index_of(b - 1) + 1) for name, (a, b) in start.items()}


def expect_empty_table(t, name, index, of_table):
    hint = "no upper entry changes later, so every table of vmalloc, fixmap and PKMap stands now"
    if name == "the PKMap":
        hint += "; the PKMap has mm_options.pkmap_tables of them, here 2"
    expected = f"an empty table for {index * LARGE:#x}, of {name}"
    if index not in of_table:
        raise Failure(expected, t.walk(index * LARGE), hint, INIT)
    full = [(i, v) for i, v in enumerate(t.table(of_table[index])) if v]
    if full:
        said = f"entry {full[0][0]} is {full[0][1]:#x}"
        raise Failure(expected, said, "nothing is mapped there yet", INIT)


def expect_no_more(t, areas):
    low = range(KERNEL, KERNEL + -(-t.low_end // ENTRIES))
    wanted = {i for indices in (low, *areas.values()) for i in indices}
    more = {i for i in t.uppers() if i >= KERNEL} - wanted
    if more:
        raise Failure(
            "entries for low memory, vmalloc, fixmap and PKMap, and no others",
            t.walk(min(more) * LARGE).entries[0],
            "where does each of your ranges begin and end? Which table does its last byte need?",
            INIT,
        )


def nothing_lost(m):
    """The pages taken are the tables that are reached; and what paging_stats says of them."""
    t = Tables(m).build().expect_direct_map()
    reached = {t.root // PAGE_SIZE} | {at // PAGE_SIZE for _, at in t.tables()}
    taken = set(t.stock.taken)
    if reached != taken:
        lost, foreign = sorted(taken - reached), sorted(reached - taken)
        said = f"taken and not reached: frame {lost[0]:#x}" if lost else ""
        said = said or f"reached and not taken: frame {foreign[0]:#x}"
        hint = "a page is taken where a table is needed, not before it is known that one is"
        raise Failure("every page that was taken is a table, and no other is", said, hint, INIT)
    leaves = list(t.direct_map())
    truth = {
        "tables": len(taken),
        "large_pages": sum(size == LARGE for _, _, size in leaves),
        "small_pages": sum(size == PAGE_SIZE for _, _, size in leaves),
    }
    for name, must in truth.items():
        if t.figure(name) != must:
            hint = (
                "paging_stats: tables with the PGD itself; entries of the direct map by their size"
            )
            raise Failure(f"paging_stats.{name} is {must}", t.figure(name), hint, INIT)


def entry_of(m):
    """kernel_pte() in the early tables, and in tables of the host's own."""
    for name in ("kernel_text_end", "boot_stack"):
        expect_pte(m, m.symbol("early_pgd"), m.symbol(name))
    expect_pte(m, m.symbol("early_pgd"), m.layout["FIXADDR_TOP"] - PAGE_SIZE)
    expect_pte(m, m.symbol("early_pgd"), m.layout["PKMAP_BASE"])
    with entry_by_the_host(m):
        m.run_to("report_boot_allocator")
    root, table = (m.call("bootmem_alloc_page") - PAGE_OFFSET for _ in range(2))
    for index, value in own_entries(table).items():
        m.set_word(root + 4 * index, value)
    m.write_word(m.symbol("kernel_pgd"), root + PAGE_OFFSET)
    for index in (1, 769, 770, 800, 801, 1016, 1023):
        for offset in (0, 5 * PAGE_SIZE + 8, LARGE - 1):
            expect_pte(m, root, index * LARGE + offset)


def own_entries(table):
    """A table under two addresses, a large page, and an entry that is neither present nor zero."""
    return {
        769: table | TABLE,
        1023: table | TABLE,
        770: 4 * LARGE | PS | TABLE,
        801: table | A | D,
    }


def expect_pte(m, root, address):
    entries = walk(m, root, address).entries
    must = PAGE_OFFSET + entries[-1].address if entries[-1].level == "PTE" else 0
    got = m.call("kernel_pte", address)
    if got != must:
        upper = entries[0]
        hint = (
            "the table is physical, the pointer is not; which of its 1024 entries is the address's?"
        )
        if not upper.present:
            hint = (
                "an upper entry that is not present leads to no table, whatever its other bits say"
            )
        elif upper.value & PS:
            hint = "a large page has no PTE table: its frame number is one of memory"
        raise Failure(
            f"kernel_pte({address:#x}) returns {must:#x}, by {upper}"
            if must
            else f"kernel_pte({address:#x}) returns NULL: {upper}",
            f"{got:#x}",
            hint + "; it walks kernel_pgd",
            ("kernel_pte",),
        )


def switched(m):
    """The CPU reads and writes by the new tables, and by them alone."""
    t = Tables(m).build()
    t.run_to_enable()
    t.enable()
    cr3 = m.stub.register("cr3")
    if cr3 & ~(PAGE_SIZE - 1) != t.root:
        hint = "cpu_enable_paging_features(pgd_cr3(swapper_pg_dir))"
        raise Failure(f"CR3 is {t.root:#x}, that of swapper_pg_dir", f"{cr3:#x}", hint, ENABLE)
    for pfn in [0x10, *range(0x300, t.low_end, 257), t.low_end - 1]:
        expect_read(t, PAGE_OFFSET + pfn * PAGE_SIZE + 0x7F8)
    guard, end = m.symbol("boot_stack_guard"), PAGE_OFFSET + t.low_end * PAGE_SIZE
    for address in (0, 0x100000, 0x400000, guard, end, 0xF9000000, 0xFE000000):
        if t.walk(address).physical is None:
            expect_fault(t, f"a load from {address:#x}", address, m.scratch_address, address)
    text = m.symbol("kernel_start")
    if not t.walk(text).entries[-1].value & RW:
        expect_fault(t, f"a store to {text:#x}", text, text, m.scratch_address)


def expect_read(t, address):
    """As the student's own tables say: whether they are right is another test's subject."""
    found = t.walk(address)
    if found.physical is None:
        return
    must, got = t.m.word(found.physical), t.m.load(address)
    if got != must:
        hint = "CR3 leads to these tables, but the CPU has older translations"
        raise Failure(f"a load reads {must:#x}: {found}", f"{got:#x}", hint, ENABLE)


def expect_fault(t, what, address, to, source):
    if fault_of(t.m, "memcpy", to, source, 4) is None:
        hint = "cpu_enable_paging_features() loads CR3 and sets CR0.WP: are other tables in force?"
        raise Failure(f"{what} faults: {t.walk(address)}", "it does not", hint, ENABLE)


def refused(m):
    """Tables under which the kernel could not go on are not loaded, but reported."""
    t = Tables(m).build()
    t.run_to_enable()
    before = m.stub.register("cr3")
    upper = t.walk(m.symbol("kernel_start")).entries[0]
    m.set_word(upper.address, 0)
    end = fault_of(m, "paging_enable")
    if not isinstance(end, GuestPanic) or m.stub.register("cr3") != before:
        raise Failure(
            "with tables that do not map the kernel's text: a panic, while the old tables are loaded",
            end or "paging_enable returned",
            "check_vital_ranges() comes before CR3 is loaded: afterwards nobody can report anything",
            ENABLE,
        )
    m.set_word(upper.address, upper.value)
    with expecting("with the text mapped again: paging_enable returns", "", ENABLE):
        t.enable()


def looked_up_anew(m):
    """Fixmap, atomic kmaps and the double-fault task know the new tables."""
    t = Tables(m).build()
    t.run_to_enable()
    told, remembered = [], []
    with (
        m.watch("double_fault_set_cr3", lambda cr3, *_: told.append(cr3)),
        m.watch("tlb_init", lambda *_: remembered.append(m.stub.register("cr4"))),
    ):
        t.enable()
    expect_claim(m, "kernel_pgd", t.root + PAGE_OFFSET, "kernel_pte() walks it")
    expect_claim(m, "direct_map_end", t.low_end, "it was that of the early tables")
    if told != [t.root]:
        hint = "a double fault changes to a task with a CR3 of its own: double_fault_set_cr3()"
        raise Failure("the double-fault task has the new CR3", list(map(hex, told)), hint, ENABLE)
    cr4 = m.stub.register("cr4")
    if remembered[-1:] != [cr4]:
        hint = "tlb_init() remembers CR4 for later flushes: it comes when CR4 is what it stays"
        raise Failure(f"tlb_init() sees CR4 = {cr4:#x}", list(map(hex, remembered)), hint, ENABLE)
    pfn = m.variable("highstart_pfn") + 5
    m.set_word(pfn * PAGE_SIZE, 0xF1D0C0DE)
    with entry_by_the_host(m):
        index, device = m.layout["FIX_IOAPIC_0"], U64(pfn * PAGE_SIZE)
        fixed = m.call("set_fixmap", index, device, P | RW | A | D)
        expect_reached(m, t, fixed, pfn, "fixmap_init() remembers where the fixmap's tables are")
        atomic = m.call("kmap_atomic_push", pfn)
        expect_reached(m, t, atomic, pfn, "kmap_atomic_init() remembers the slots' entries")


def expect_claim(m, name, must, why):
    if m.variable(name) != must:
        hint = f"{name} must follow when the new tables are loaded: {why}"
        raise Failure(f"{name} is {must:#x}", f"{m.variable(name):#x}", hint, ENABLE)


def expect_reached(m, t, address, pfn, hint):
    found = t.walk(address)
    if found.physical != pfn * PAGE_SIZE or m.load(address) != 0xF1D0C0DE:
        raise Failure(f"{address:#x} leads to frame {pfn:#x}", found, hint, ENABLE)
