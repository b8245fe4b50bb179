"""Interrupt controllers and clocks, where a boot of its own is needed: what is printed, what only counted time tells."""

import re

import pytest

import lines
from qemu import PASS, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

# The guest's time counts instructions, so neither clock can lose its turn.
COUNTED = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
TICKS = re.compile(r"^# ticks in 100 ms by the (PIT|TSC): (\d+)$", re.M)
UNEXPECTED = re.compile(r"^CPU \d+: unexpected interrupt, vector (0x[0-9a-f]+)", re.M)
APIC_ERROR = re.compile(r"^APIC: error on CPU 0, status 0x00$", re.M)
MASKED_LINE = re.compile(r"^PIC: interrupt on line (\d+), which is masked$", re.M)


@pytest.mark.parametrize("cpu", ["max", "pentium", "pentium,-apic"])
def test_clocks_agree(cpu, build):
    """A hundred ticks a second, whoever makes them (local APIC, 8254), beside the PIT and the TSC."""
    boot = run(Machine(cpu=cpu, append="selftest=irq.clocks", extra=COUNTED), build)
    assert boot.status == PASS, boot.final_report
    ticks = {clock: int(n) for clock, n in TICKS.findall(boot.text)}
    assert set(ticks) == {"PIT", "TSC"} and all(9 <= n <= 11 for n in ticks.values()), boot.final_report


@BOTH
def test_unexpected_interrupts_are_named_and_acknowledged(kernel, build):
    """The vector without a handler comes twice and is named once."""
    boot = run(Machine(kernel, append="selftest=irq.unexpected"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert UNEXPECTED.findall(boot.text) == ["0xef"], boot.final_report
    assert len(APIC_ERROR.findall(boot.text)) == 1, boot.final_report


@BOTH
def test_spurious_interrupts_of_the_8259_are_not_named(kernel, build):
    boot = run(Machine(kernel, append="selftest=irq.legacy"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert MASKED_LINE.findall(boot.text) == ["5"], boot.final_report


@BOTH
def test_nothing_is_unexpected(kernel, build):
    """A whole self-test takes no interrupt that nobody asked for."""
    boot = run(Machine(kernel, smp="4", append="selftest=smp,wait,apic"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    said = UNEXPECTED.findall(boot.text) + MASKED_LINE.findall(boot.text) + re.findall(r"^APIC: error.*", boot.text, re.M)
    assert not said, boot.final_report


@BOTH
def test_cpus_that_are_not_there(kernel, build):
    """With room for more CPUs QEMU's MADT lists them too, with the flag that says that they are not enabled."""
    boot = run(Machine(kernel, smp="2,maxcpus=4", append="selftest=smp.online"), build)
    assert boot.status == PASS, boot.final_report
    assert lines.CPUS.search(boot.text).groups() == ("2", "2", "ACPI MADT"), boot.final_report
