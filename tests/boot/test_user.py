"""Programs: what root starts, how they end, and the in-system tests (user/test)."""

import re

import pytest

from qemu import PASS, Boot, Machine, have_grub, of_program, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
ENDED = re.compile(r"^root: (\S+) ended with status (\d+)$", re.M)
need_grub = pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")


def run_program(build, value, kernel="2level", loader="kernel", **machine):
    append = f'selftest=none run="{value}"'
    return run(Machine(kernel, loader, append=append, programs=True, **machine), build)


def ended(boot):
    """Name and status of the program, once."""
    found = ENDED.findall(boot.text)
    assert len(found) == 1, boot.final_report
    return found[0][0], int(found[0][1])


@BOTH
@pytest.mark.parametrize("loader", ["kernel", pytest.param("iso", marks=need_grub)])
def test_hello(kernel, loader, build):
    boot = run_program(build, "hello", kernel, loader)
    assert "\nHello from user mode\n" in boot.text, boot.final_report
    assert ended(boot) == ("hello", 0) and boot.status == PASS, boot.final_report


@pytest.mark.parametrize("loader", ["kernel", pytest.param("iso", marks=need_grub)])
def test_arguments(loader, build):
    r"""A word with a blank: -append 'run="args one \"two three\""' and GRUB's own quoting."""
    boot = run_program(build, r"args one \"two three\"", loader=loader)
    assert re.findall(r"^args: (\d) '(.*)'$", boot.text, re.M) == [
        ("0", "args"),
        ("1", "one"),
        ("2", "two three"),
    ], boot.final_report
    assert ended(boot) == ("args", 3), boot.final_report
    assert boot.status == of_program(3), boot.final_report


@pytest.mark.parametrize(
    "value, said",
    [
        ("nosuch", "root: no program is named nosuch"),
        ("user.tar", "root: no program is named user.tar"),
        ("args " + "x " * 40, "root: run= is wrong: it has too many words"),
    ],
)
def test_what_cannot_be_started(value, said, build):
    boot = run_program(build, value)
    assert said in boot.text and boot.status == of_program(126), boot.final_report


def test_the_clock_at_boot(build):
    """2024-02-29 12:34:56 UTC, a leap day, as QEMU's clock shows it."""
    machine = Machine(
        append="selftest=none", programs=True, extra=["-rtc", "base=2024-02-29T12:34:56,clock=vm"]
    )
    with Boot(machine, build) as boot:
        boot.wait_for(re.compile(r"^root: run=PROGRAM", re.M))
    seconds = re.search(r"^root: booted (\d+) seconds after 1970 began$", boot.text, re.M)
    assert seconds and 0 <= int(seconds[1]) - 1709210096 < 60, boot.text


def test_without_run_root_says_what_there_is(build):
    """And idles; with `exit` the machine would end before root is started."""
    with Boot(Machine(append="selftest=none", programs=True, smp="2"), build) as boot:
        boot.wait_for(re.compile(r"^root: run=PROGRAM on the kernel's command line", re.M))
    assert "root: the first task, on 2 CPUs, 1 modules" in boot.text, boot.text
    programs = set(re.findall(r"^root: program (\S+), \d+ bytes$", boot.text, re.M))
    assert {"root", "hello", "args", "test"} <= programs, boot.text


@BOTH
@pytest.mark.parametrize("smp, cpu", [("2", ""), ("4", "max"), ("2", "pentium2")])
def test_in_system_tests(kernel, smp, cpu, build):
    """Two CPUs at least, since some tests are about two."""
    boot = run_program(build, "test", kernel, smp=smp, cpu=cpu, memory="256M")
    report = boot.text.rpartition("TAP version 13\n")[2]  # the kernel's own comes before
    planned = int(re.search(r"^1\.\.(\d+)$", report, re.M)[1])
    assert not re.findall(r"^not ok .*", report, re.M), boot.final_report
    assert len(re.findall(r"^ok \d+ - ", report, re.M)) == planned > 50, boot.final_report
    assert ended(boot) == ("test", 0) and boot.status == PASS, boot.final_report
