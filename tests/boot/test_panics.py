"""What the kernel says when it ends, for each of the ends that tests/kernel/test_crash.c makes on
purpose.
"""

import re

import pytest

from qemu import FAIL, Boot, Machine, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

# Self-test; what must stand in the report, in this order.
CRASHES = {
    "crash.panic": [
        r"panic: this panic was asked for, number 42$",
        r"in panic_on_purpose, CPU 0, thread first$",
        r"back trace:",
        r"crash_panic\+",
        r"testing_step\+",
    ],
    "crash.invariant": [
        r"panic: a slot was handed out with count 1$",
        r"invariant 4 ",
        r"in break_invariant, CPU 0",
    ],
    "crash.page_fault": [
        r"panic: page fault: read of 0x([0-9a-f]{8}) by the kernel$",
        r"error code 0x0: read, supervisor mode, page not",
        r"read_unmapped\+.*CPU 0, thread first$",
        r"cr2 \1 ",
        r"walk of 0x\1, ",
        r"not present$",
        r"leads nowhere$",
        r"crash_page_fault\+",
    ],
    "crash.early_page_fault": [
        r"panic: page fault: read of 0x00001234 by the kernel$",
        r"thread boot$",
        r"crash_early_page_fault\+",
    ],
    "crash.write_text": [
        r"panic: page fault: write of 0x([0-9a-f]{8}) by the kernel$",
        r"write, supervisor mode, protection violation$",
        r"write_text\+",
        r"walk of 0x\1, ",
        r"leads to physical 0x",
        r"crash_write_text\+",
    ],
    "crash.exec_after_probe": [
        r"panic: page fault: (?:instruction fetch|read) of 0x[0-9a-f]{8} by the kernel$",
        r"crash_exec_after_probe\+",
    ],
    "crash.stack_overflow": [
        r"panic: kernel stack overflow of thread diver: 0x[0-9a-f]{8} lies in its guard page$",
        r"dive\S*\+.*CPU 0, thread diver$",
        r"leads nowhere$",
        r"diver\+",
    ],
    "crash.stack_overflow_elsewhere": [
        r"panic: kernel stack overflow of thread diver: ",
        r"dive\S*\+.*CPU 1, thread diver$",
        r"leads nowhere$",
        r"diver\+",
    ],
    "crash.lock_twice": [
        r"panic: lock deadlock taken twice by CPU 0: now at take_lock_again\+\S+, before at take_lock\+"
    ],
    "crash.in_handler": [
        r"panic: page fault: read of ",
        r"CPU 0, thread first, in an interrupt handler$",
        r"fault_in_handler\+",
        r"crash_in_handler\+",
    ],
    "crash.other_cpu": [
        r"panic: this panic was asked for, number 42$",
        r"CPU 1, thread crew/1\.0$",
        r"panic_in_crew\+",
    ],
}


def check_report(boot, patterns):
    """One panic, with these lines in this order; \\1 stands for what the first one has caught."""
    assert boot.text.count("panic: ") == 1, boot.final_report
    at, caught = 0, ""
    for pattern in patterns:
        found = re.compile(pattern.replace("\\1", caught), re.M).search(boot.text, at)
        assert found, f"{pattern}\n{boot.final_report}"
        at, caught = found.end(), caught or (found.groups() or ("",))[0]


@BOTH
@pytest.mark.parametrize("name", CRASHES)
def test_report(kernel, name, build):
    boot = run(Machine(kernel, smp="2", append=f"selftest={name}"), build)
    assert boot.status == FAIL, boot.final_report
    check_report(boot, CRASHES[name])


@BOTH
def test_all_cpus_stop(kernel, build):
    """Without `exit` the machine stands still, every CPU of it, whichever has panicked."""
    with Boot(Machine(kernel, smp="4", append="selftest=crash.other_cpu"), build) as boot:
        boot.wait_for(re.compile(r"^the machine is stopped", re.M))
        while not boot.all_stopped():
            boot.check_limit("not all CPUs stop")
