"""Processes, through proc and pager: user/bin/check_processes.c tries them from inside."""

import re

import pytest

from qemu import PASS, Machine, run

CHECKS = "fork wait orphans exec crashes group heap stack memory bomb crowd garbage proc often remembers".split()
# What the garbage made the console say may stand before it.
RESULT = re.compile(r"(not ok|ok) - (\w+)$", re.M)
CRASH = re.compile(
    r"^check_processes: pid \d+: page fault, read at 0x00000003, eip 0x(\w{8})\n"
    r"  0x\1 touch_nothing\+0x\w+\n(?:  0x\w{8} \w+\+0x\w+\n)*  0x\w{8} main\+0x\w+\n",
    re.M,
)


def run_checks(build, kernel, cpus):
    # A host that is busy elsewhere for seconds makes nobody silent.
    append = "selftest=none ping=10000 run=check_processes"
    return run(Machine(kernel, "kernel", smp=str(cpus), append=append, programs=True), build)


@pytest.mark.parametrize("cpus", [1, 4])
@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_processes(kernel, cpus, build):
    boot = run_checks(build, kernel, cpus)
    text = boot.text.replace("\r", "")
    assert RESULT.findall(text) == [("ok", name) for name in CHECKS], boot.final_report
    assert "\n# 0 failed\n" in text and boot.status == PASS, boot.final_report
    # Who died says where, with the names of its functions from the inside out.
    assert CRASH.search(text), boot.final_report
    assert ": beyond its limit, write at 0x" in text or ": out of memory, write at 0x" in text
    # proc was killed 23 times, and nobody else died.
    died = re.findall(r"root: (\w+) died and is started again$", text, re.M)
    assert died == ["proc"] * 23, boot.final_report
