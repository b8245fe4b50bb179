"""`tarn check` on kernels that were broken on purpose, by GDB's own `set`: it must name the
invariant, and be silent again afterwards."""

import re

import pytest

from debugger import ask, broken
from qemu import Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


def percpu(kind, name, cpu):
    return f"(({kind} *)((char *)&{name} + percpu_offset[{cpu}]))"


ENTRY = "pkmap_page_table[0][7].v"
OWNER = "mem_map[(pkmap_page_table[0][7].v >> 12) & 0xffffff]"
FREE = "((struct page *)zones[1].area[10].blocks.next)"
TABLE = f"((unsigned *){percpu('struct quicklist', 'pte_quicklist', 0)}->head)"
PGD = f"((unsigned *){percpu('struct quicklist', 'pgd_quicklist', 0)}->head)"
# The deepest atomic slot of CPU 0, in the table behind the top of the fixmap.
FIXED = (
    "fixmap_table[0][(0x3fffff >> 12 & (4096 / sizeof(pte_t) - 1)) - 2 - (FIX_KMAP_BEGIN + 15)].v"
)

# What is changed, to what, and an invariant that is then broken.
PLANTED = [
    ("pkmap_count[7]", "0", 1),
    ("pkmap_count[7]", "1", 12),
    ("pkmap_in_use", "3", 12),
    (ENTRY, "0", 1),
    (ENTRY, f"{ENTRY} & ~2", 2),
    (ENTRY, f"{ENTRY} | 4", 2),
    (f"{OWNER}.virtual", "0", 2),
    (ENTRY, "pkmap_page_table[0][6].v", 3),
    (f"{OWNER}.flags", f"({OWNER}.flags & ~3) | 1", 3),
    (f"{OWNER}.flags", f"{OWNER}.flags | 8", 22),
    ("mem_map[3].virtual", "0xfe001000", 1),
    ("zones[1].free", "zones[1].free + 1", 46),
    ("zones[0].area[10].count", "zones[0].area[10].count + 1", 46),
    ("zones[0].orders", "0", 46),
    (FREE + "->flags", "1", 46),
    (FREE + "->order", "9", 46),
    (FREE + "->count.v", "1", 46),
    (percpu("struct page_stacks", "page_stacks", 0) + "->of[0][1].count", "40", 51),
    (percpu("struct quicklist", "pte_quicklist", 0) + "->count", "7", 32),
    (TABLE + "[0]", "0x123", 32),
    (TABLE + "[0]", TABLE, 32),
    (TABLE + "[77]", "1", 34),
    (f"mem_map[((unsigned){TABLE} - 0xc0000000) >> 12].flags", "1", 33),
    (PGD + "[3]", "0x1067", 35),
    (FIXED, "0x1063", 29),
    (percpu("union nosleep", "nosleep", 1) + "->locks", "1", 18),
    (percpu("union nosleep", "nosleep", 1) + "->kmaps", "1", 30),
    (percpu("union nosleep", "nosleep", 1) + "->kmaps", "17", 28),
]


def change(place, value):
    return [
        f"set $kept = {place}",
        f"set var {place} = {value}",
        "tarn check",
        f"set var {place} = $kept",
        "tarn check",
    ]


def claimed(text):
    """The invariants of which `tarn check` says that they hold, be it in part."""
    words = "invariants that hold|hold, but for what was not judged"
    lines = re.findall(rf"^(?:{words}): ([\d, ]+)$", text, re.M)
    return {int(number) for line in lines for number in line.split(", ")}


@BOTH
def test_every_planted_mistake_is_named(kernel, build):
    commands = [command for place, value, _ in PLANTED for command in change(place, value)]
    machine = Machine(kernel, memory="128M", smp="4", append="selftest=tour.sleeper highmem=64M")
    found = ask(machine, build, commands, "somebody_sleeps")
    for n, (place, value, invariant) in enumerate(PLANTED):
        kept, changed, check, back, healed = found.in_order[5 * n : 5 * n + 5]
        assert not (kept + changed + back).strip(), f"{place}: {kept}{changed}{back}"
        assert invariant in broken(check), f"{place} = {value}: {check}"
        assert not broken(healed), f"{place} = {value}, taken back: {healed}"


@BOTH
def test_address_spaces_are_judged(kernel, build):
    """In a thread that has one: the mask of CPUs, and the kernel's part of its PGD."""
    # With PAE the CPU would lose its kernel with the entry: there the reference is changed.
    entry = (
        "((unsigned *)$mm->tlb.pgd)[0x3ff]"
        if kernel == "2level"
        else "((unsigned *)swapper_pg_dir)[6]"
    )
    commands = ["set $mm = mm", "tarn check"] + change("$mm->tlb.cpus.v", "0") + change(entry, "0")
    found = ask(
        Machine(kernel, memory="128M", append="selftest=tour.address highmem=64M"),
        build,
        commands,
        "map_address",
    )
    assert not broken(found.in_order[1]), found.in_order[1]
    assert broken(found.in_order[4]) == {27} and not broken(found.in_order[6]), found.in_order[4]
    assert 19 in broken(found.in_order[9]) and not broken(found.in_order[11]), found.in_order[9]


def test_uses_are_counted_in_the_debug_build(build):
    """Invariant 5, from outside: what the threads hold is what the slots count."""
    commands = ["tarn check"] + change("pkmap_count[7]", "3") + ["tarn tlb"]
    machine = Machine(
        "2level", memory="128M", debug=True, append="selftest=tour.sleeper highmem=64M"
    )
    found = ask(machine, build, commands, "pool_is_full")
    assert not broken(found.in_order[0]) and re.search(
        r"hold: .*\b5\b", found.in_order[0]
    ), found.in_order[0]
    assert 5 in broken(found.in_order[3]), found.in_order[3]
    assert "visible TLB: time" in found["tarn tlb"]


def test_a_held_lock_is_no_verdict(build):
    """Inside of the pool's lock its invariants may not hold: that is said, and not judged.
    But CPU 0 says that it holds no lock."""
    commands = [
        "set var kmap_lock.owner.v = 0",
        "set var pkmap_count[7] = 0",
        "tarn check",
        "tarn locks",
        *[f"set var zones[{n}].lock.owner.v = 0" for n in range(3)],
        "tarn check ",
    ]
    found = ask(
        Machine("2level", memory="128M", append="selftest=tour.sleeper highmem=64M"),
        build,
        commands,
        "somebody_sleeps",
    )
    assert "not judged: the PKMap" in found["tarn check"] and broken(found["tarn check"]) == {
        18
    }, found["tarn check"]
    assert re.search(r"^kmap .*held by CPU 0, taken by", found["tarn locks"], re.M), found[
        "tarn locks"
    ]
    before, after = found["tarn check"], found["tarn check "]
    assert not claimed(before) & {1, 2, 3, 12, 22} and claimed(before) >= {46, 47, 48, 51}, before
    assert not claimed(after) & {46, 47, 48, 51} and "zone DMA (46, 47, 48, 51)" in after, after
