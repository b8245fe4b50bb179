"""The C library through the servers, and servers that die: user/bin/checks.c, run by the shell."""

import re
from pathlib import Path

import pytest

import lines
from qemu import PASS, Machine, run

ROOT = Path(__file__).resolve().parents[2]
CHECKS = re.findall(r'\{ "(\w+)", \w+ \}', (ROOT / "user/bin/checks.c").read_text())
DIED = re.compile(r"^root: (\w+) died and is started again$", re.M)
TAKEN_OVER = re.compile(r"^ramfs: (\d+) files taken over, 0 damaged, 0 open files lost$", re.M)


@pytest.mark.skipif(not (ROOT / "user/sh").is_dir(), reason="no shell runs it yet")
@pytest.mark.parametrize("kernel", ["2level", "pae"])
@pytest.mark.parametrize("smp", ["1", "4"])
def test_checks(kernel, smp, build):
    append = "selftest=none run=checks"
    boot = run(Machine(kernel, append=append, programs=True, smp=smp, memory="256M"), build)
    results = lines.TAP_RESULT.findall(boot.text.rpartition("TAP version 13\n")[2])
    assert [name for verdict, _, name in results if verdict == "ok"] == CHECKS, boot.final_report
    assert sorted(DIED.findall(boot.text)) == sorted(
        ["ramfs"] * 3 + ["pipe", "names", "con", "proc", "names"]
    ), boot.final_report
    assert len(TAKEN_OVER.findall(boot.text)) == 3, boot.final_report
    assert boot.status == PASS, boot.final_report
