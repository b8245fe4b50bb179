"""What the debug build reports, beyond the panics that would end it: order of locks, interrupts
off, depth of stacks.
"""

import re

import pytest

import lines
from qemu import PASS, ROOT, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

# The guest's time counts instructions: with one CPU the same figures come out each time.
COUNTED = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]

# Self-tests that themselves keep interrupts on: the longest section is the kernel's own.  Measured:
# 50,400 ticks, in which step 6 takes a block of 1024 pages into a zone.
KERNEL_ALONE = "selftest=bootmem,zones,buddy,objcache,kmap_atomic,pkmap,vmalloc,mm,tlb,thread,wait"
KERNEL_LIMIT = 75_000
# All of them.  Measured: 439,000, in which a self-test looks at the kernel behind each instruction
# of a switch.
QUICK_LIMIT = 600_000


def longest(boot):
    """The longest section with interrupts off of each CPU, in ticks."""
    found = lines.INTERRUPTS_OFF.findall(boot.text)
    assert found, boot.final_report
    return {int(cpu): int(ticks) for ticks, _, _, cpu in found}


@BOTH
@pytest.mark.parametrize(
    "append, limit", [(KERNEL_ALONE, KERNEL_LIMIT), ("", QUICK_LIMIT)], ids=["kernel", "quick"]
)
def test_interrupts_are_not_off_for_long(kernel, append, limit, build):
    boot = run(Machine(kernel, memory="1G", debug=True, append=append, extra=COUNTED), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert longest(boot)[0] < limit, boot.final_report


def object_caches():
    """Each has a lock of its name; the table names some of them for all."""
    kernel = "".join(path.read_text() for path in (ROOT / "kernel").rglob("*.c"))
    found = re.findall(r'object_cache_init\w*\(\s*&\w+, "([^"]+)"', kernel)
    found += re.findall(r'"(kmalloc-\d+)"', kernel)
    assert {"thread", "mapping", "kmalloc-16"} <= set(found)
    return found


def documented_locks():
    """docs/structure.md: the documented name of each class of locks, and the pairs that may
    nest.
    """
    text = (ROOT / "docs/structure.md").read_text()
    names = {}
    for lock, classes in re.findall(
        r"^\| (?:`([^`]+)`|\w+) \| (?:plain|irqsave) \| ([^|]+) \|", text, re.M
    ):
        names |= {name: lock for name in re.findall(r"`([^`]+)`", classes)}
    names |= {name: "cache->lock" for name in object_caches()}
    pairs = set(re.findall(r"^    (\S+) +> (\S+) ", text, re.M))
    assert (
        len(names) > 8 and len(pairs) > 3
    ), "the tables of docs/structure.md are not where they were"
    return names, pairs


# Of each kind of boot: what it runs, and a nesting that it is sure to show.
NESTING = {
    "selftest": ({}, ("kmap_lock", "call.lock")),
    "programs": (
        {"append": "selftest=none run=test", "programs": True},
        ("maps_lock", "mm->page_table_lock"),
    ),
}


@BOTH
@pytest.mark.parametrize("what", NESTING)
def test_locks_nest_as_documented(kernel, what, build):
    """Whatever nests in the self-test and in the in-system tests stands in docs/structure.md; locks
    of the self-tests themselves do not count.
    """
    machine, certain = NESTING[what]
    names, pairs = documented_locks()
    own = "".join(path.read_text() for path in (ROOT / "tests/kernel").rglob("*.c"))
    boot = run(Machine(kernel, memory="1G", smp="4", debug=True, **machine), build)
    assert boot.status == PASS, boot.final_report
    if what == "selftest":
        check_passed(boot)
    seen = set()
    for outer, inner, _ in lines.LOCK_ORDER.findall(boot.text):
        if any(f'"{name}"' in own and name not in names for name in (outer, inner)):
            continue
        assert (
            outer in names and inner in names
        ), f"{outer} > {inner}: not in docs/structure.md\n{boot.final_report}"
        seen.add((names[outer], names[inner]))
    assert certain in seen, boot.final_report
    assert seen <= pairs, f"not in docs/structure.md: {seen - pairs}\n{boot.final_report}"


@BOTH
def test_stacks_are_not_used_up(kernel, build):
    """Half of a stack at most, and more than nothing: interrupts come on top of what a thread
    uses.
    """
    boot = run(Machine(kernel, memory="1G", smp="2", debug=True), build)
    assert boot.status == PASS, boot.final_report
    depth, size = map(int, lines.DEEPEST_STACK.search(boot.text).groups())
    assert 500 < depth <= size // 2, boot.final_report
