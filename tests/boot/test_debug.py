"""What the debug build reports, beyond the panics that would end it: order of locks, interrupts
off, depth of stacks.
"""

import pytest

import lines
from locks import check_nesting
from qemu import PASS, Machine, check_passed, run

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


@BOTH
def test_locks_nest_as_documented(kernel, build):
    """In the self-test; the in-system tests are looked at where they run (test_user.py)."""
    boot = run(Machine(kernel, memory="1G", smp="4", debug=True), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    check_nesting(boot, ("kmap_lock", "call.lock"))


@BOTH
def test_stacks_are_not_used_up(kernel, build):
    """Half of a stack at most, and more than nothing: interrupts come on top of what a thread
    uses.
    """
    boot = run(Machine(kernel, memory="1G", smp="2", debug=True), build)
    assert boot.status == PASS, boot.final_report
    depth, size = map(int, lines.DEEPEST_STACK.search(boot.text).groups())
    assert 500 < depth <= size // 2, boot.final_report
