"""The long self-test: shows now and then that it goes on, and ends within a number of guest
instructions (`make check-full`).
"""

import time

import pytest

import lines
from qemu import HOST_LIMIT, PASS, Boot, GuestClock, Machine, check_passed

# From the kernel's entry, four CPUs and 3 GiB.  Measured: 5.85 thousand million (2-level).
INSTRUCTIONS = 20_000_000_000


@pytest.mark.full
@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_long_self_test(kernel, build):
    """The host's clock gives no verdict: each piece of output renews the limit."""
    machine = Machine(
        kernel,
        memory="3G",
        smp="4",
        append="exit selftest=full",
        extra=["-icount", "shift=0,sleep=off"],
    )
    with Boot(machine, build) as boot:
        boot.wait_for(lines.TAP_PLAN)
        clock = GuestClock(boot)
        printed = 0
        while boot.reader.is_alive() and not lines.CLOSING.search(boot.text):
            if len(boot.output) > printed:
                printed, boot.deadline = len(boot.output), time.monotonic() + HOST_LIMIT
            boot.check_limit("no output")
            try:
                passed = clock.read()
            except (OSError, ValueError):
                break  # QEMU has just ended
            assert passed < INSTRUCTIONS, boot.report(
                f"{passed} instructions, {INSTRUCTIONS} are allowed"
            )
        assert boot.wait_for_exit() == PASS, boot.report("does not pass")
        check_passed(boot)


def test_progress_is_shown(build):
    """A test that runs for some seconds says so, with its name."""
    with Boot(Machine(memory="1G", smp="2", append="exit selftest=full"), build) as boot:
        name, seconds = boot.wait_for(lines.PROGRESS).groups()
        assert "." in name and int(seconds) % 5 == 0, boot.report("progress")
