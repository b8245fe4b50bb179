"""Leaving idle: whatever ends a halt, no thread runs on a CPU that is announced as idle (invariant
26).
"""

import pytest

import lines
from qemu import PASS, Boot, Machine, check_passed


@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_halts_end_without_interrupt(kernel, build):
    """A system management interrupt ends CPU 0's hlt, but the kernel sees no interrupt (invariant
    26).

    Writing to port 0xB2 raises one on CPU 0 of QEMU's `pc` machine (PIIX4 datasheet, APMC).
    """
    tests = "selftest=wait,thread,pkmap,smp,sleep"
    with Boot(Machine(kernel, smp="2", append=f"exit {tests}", memory="1G"), build) as boot:
        boot.wait_for(lines.TAP_PLAN)
        sent = 0
        while not lines.CLOSING.search(boot.text) and boot.reader.is_alive():
            try:
                boot.hmp("o/b 0xb2 0")
                sent += 1
            except (OSError, ValueError):
                break  # QEMU has just ended
            boot.check_limit("system management interrupts")
        status = boot.wait_for_exit()
        assert status == PASS, boot.report(
            f"status {status} after {sent} system management interrupts"
        )
        assert sent > 100, boot.report(f"only {sent} system management interrupts were sent")
        check_passed(boot)


@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_idle_halts(kernel, build):
    """After the self-test every CPU halts, rather than spin: seen at the same time at least
    once.
    """
    with Boot(Machine(kernel, smp="4"), build) as boot:
        boot.wait_for(lines.HOW_TO_LEAVE)
        while boot.halted() != [True] * 4:
            boot.check_limit("not all CPUs halt")
