"""The clocks by which others are measured: each is checked to be there, others step in, and where
there is none a panic says so.
"""

import struct

import pytest

import lines
from gdb import Gdb, elf_entry, symbol
from qemu import FAIL, PASS, Boot, Machine, check_passed, run

PAGE_OFFSET = 0xC0000000
BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


def check_tsc(boot, clock):
    """The rate is one that can be, and measured by the clock that is there."""
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    found = lines.TSC.search(boot.text)
    assert found and found.group(2) == clock, boot.final_report
    assert 100 < float(found.group(1)) < 10_000, boot.final_report


@BOTH
def test_pit(kernel, build):
    check_tsc(run(Machine(kernel), build), "the 8254 timer")


@BOTH
def test_without_pit_the_acpi_timer_steps_in(kernel, build):
    boot = run(Machine(kernel, smp="2", machine="pc,pit=off"), build)
    check_tsc(boot, "the ACPI timer")
    assert lines.no_clock("the 8254 timer").search(boot.text), boot.final_report


def test_without_port_0x61(build):
    """QEMU's microvm has a PIT, but not the port that its channel 2 is read by on PCs."""
    boot = run(Machine(smp="2", machine="microvm"), build, firmware=False)
    check_tsc(boot, "the 8254 timer")


@pytest.mark.parametrize(
    "kernel, cpu, machine, said",
    [
        ("2level", "pentium,-apic", "pc,pit=off", lines.NO_TICK),
        ("pae", "pentium2,-apic", "pc,pit=off", lines.NO_TICK),
        ("2level", "", "pc,pit=off,acpi=off", lines.NO_CLOCK),
        ("pae", "", "microvm,pit=off", lines.NO_CLOCK),
    ],
)
def test_no_clock_at_all(kernel, cpu, machine, said, build):
    boot = run(Machine(kernel, cpu=cpu, machine=machine), build, firmware="microvm" not in machine)
    assert boot.status == FAIL, boot.final_report
    assert said.search(boot.text), boot.final_report


def test_clocks_that_disagree_are_named(build):
    """The ACPI timer is said to have half its rate: the rate that it gives for the TSC is half of
    the PIT's.
    """
    with Boot(Machine(append="exit selftest=none"), build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        rate = (
            symbol(boot.elf, "pm_timer_reference") - PAGE_OFFSET + 4
        )  # struct reference: name, hz
        assert gdb.read_u32(rate) == 3_579_545
        gdb.write(rate, struct.pack("<I", 3_579_545 // 2))
        gdb.resume()
        assert boot.wait_for_exit() == PASS, boot.report("does not pass")
        found = lines.CLOCKS_DISAGREE.search(boot.text)
        assert found, boot.report("nothing is said of clocks that disagree")
        assert found.groups()[1::2] == ("the 8254 timer", "the ACPI timer"), boot.report(
            found.group(0)
        )
