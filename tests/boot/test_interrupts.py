"""Interrupt controllers and clocks, where a boot of its own is needed: what is printed, what only
counted time tells.
"""

import re

import pytest

import lines
from qemu import PASS, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

# The guest's time counts instructions, so neither clock can lose its turn.
COUNTED = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
TICKS = re.compile(r"^# CPU (\d+): (\d+) ticks in 100 ms by the TSC$", re.M)
UNEXPECTED = re.compile(r"^CPU \d+: unexpected interrupt, vector (0x[0-9a-f]+)", re.M)
APIC_ERROR = re.compile(r"^APIC: error on CPU 0, status 0x00$", re.M)
# As QEMU's event ioapic_mem_write says it: what is written to the low half of line 8's entry.
RTC_ENTRY = re.compile(r"addr 0x10 regsel: 0x20 size 0x4 val (0x[0-9a-f]+)$", re.M)
ENTRY_MASKED = 1 << 16
MASKED_LINE = re.compile(r"^PIC: interrupt on line (\d+), which is masked$", re.M)


@pytest.mark.parametrize("smp, cpu", [("2", "max"), ("1", "pentium"), ("1", "pentium,-apic")])
def test_clocks_agree(smp, cpu, build):
    """With shift=0 QEMU's TSC counts 1000 MHz; beside it come a hundred ticks a second, whoever
    makes them (local APICs, 8254).
    """
    boot = run(Machine(smp=smp, cpu=cpu, append="selftest=irq.clocks", extra=COUNTED), build)
    assert boot.status == PASS, boot.final_report
    assert 990 < float(lines.TSC.search(boot.text).group(1)) < 1010, boot.final_report
    ticks = {int(of): int(n) for of, n in TICKS.findall(boot.text)}
    assert sorted(ticks) == list(range(int(smp))) and all(
        9 <= n <= 11 for n in ticks.values()
    ), boot.final_report


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
    assert MASKED_LINE.findall(boot.text) == ["5", "13"], boot.final_report


@pytest.mark.parametrize(
    "kernel, smp, cpu", [("2level", "4", ""), ("pae", "4", ""), ("2level", "1", "pentium,-apic")]
)
def test_nothing_is_unexpected(kernel, smp, cpu, build):
    """A self-test takes no interrupt that nobody asked for."""
    boot = run(Machine(kernel, smp=smp, cpu=cpu, append="selftest=smp,wait,apic,pkmap"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    said = (
        UNEXPECTED.findall(boot.text)
        + MASKED_LINE.findall(boot.text)
        + re.findall(r"^APIC: error.*", boot.text, re.M)
    )
    assert not said, boot.final_report


@BOTH
def test_cpus_that_are_not_there(kernel, build):
    """With room for more CPUs QEMU's MADT lists them too, with the flag that says that they are not
    enabled.
    """
    boot = run(Machine(kernel, smp="2,maxcpus=4", append="selftest=smp.online"), build)
    assert boot.status == PASS, boot.final_report
    assert lines.CPUS.search(boot.text).groups() == ("2", "2", "ACPI MADT"), boot.final_report


@BOTH
def test_an_edge_line_is_opened_once(kernel, build, tmp_path):
    """To write its entry anew when an interrupt is acknowledged would lose an edge that comes
    meanwhile.  The program takes ten interrupts of the clock.
    """
    written = tmp_path / "written"
    trace = ["-trace", "ioapic_mem_write", "-D", str(written)]
    append = 'selftest=none "run=test irq.come" exit'
    boot = run(Machine(kernel, append=append, programs=True, extra=trace), build)
    assert boot.status == PASS, boot.final_report
    values = [int(value, 16) for value in RTC_ENTRY.findall(written.read_text())]
    opened = [hex(value) for value in values if not value & ENTRY_MASKED]
    assert len(opened) == 1, f"expected one entry, which opens line 8; written were {opened}"
