"""Threads that wait for kmap slots which nobody gives back: after some seconds the kernel says who
waits, and for how many.
"""

import pytest

import lines
from qemu import PASS, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel, slots", [("2level", 1024), ("pae", 512)])


def check_told(boot, slots, waiting):
    """One report: how many slots are in use, and each thread that waits, with its number of
    slots.
    """
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert lines.STALL.findall(boot.text) == [(str(slots), str(slots))], boot.final_report
    assert sorted(lines.STALL_WAITS.findall(boot.text)) == [
        (f"crew/0.{n}", "1") for n in range(waiting)
    ], boot.final_report


@BOTH
def test_two_threads_wait_for_one_another(kernel, slots, build):
    """Each holds half of the pool, less 12, and asks for 114 more by kmap, one at a time."""
    check_told(run(Machine(kernel, memory="1G", append="selftest=stall.deadlock"), build), slots, 2)


@BOTH
@pytest.mark.parametrize("debug", [False, True])
def test_holders_are_named_in_the_debug_build(kernel, slots, debug, build):
    boot = run(Machine(kernel, memory="1G", debug=debug, append="selftest=stall.hoarders"), build)
    check_told(boot, slots, 3)
    held = [("crew/0.0", str(slots // 2)), ("crew/0.1", str(slots // 2))] if debug else []
    assert lines.STALL_HOLDS.findall(boot.text) == held, boot.final_report
