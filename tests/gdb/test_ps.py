"""`tarn ps` beside the program ps, on a machine that runs servers and a shell."""

import re

import pytest

from debugger import Session, ask, gdb
from qemu import Boot, Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
ROW = re.compile(r"^ *(\d+) +(\d+) +(\d+)  (\w+) +(\d+) +(\d+)  (\S+)$", re.M)
ALL_LISTED = re.compile(r"PID.*NAME\n(?:.*\n)* *262 .* proc\n")
APPEND = 'selftest=none run="sleep 1000 & sleep 2000 & ps; sleep 3000"'
STUB = ["-gdb", "unix:{folder}/gdb,server=on,wait=off"]


def rows(text):
    """By pid."""
    return {row[0]: row[1:] for row in ROW.findall(text)}


def servers_on(threads):
    """The CPU of each server but root, by its task: the pager has one for itself and root."""
    found = re.findall(r"CPU (\d+), priority \d+, \w+, of task ([2-7]),", threads)
    return {int(task): int(cpu) for cpu, task in found}


@BOTH
def test_ps_from_outside(kernel, build, tmp_path):
    """What ps says of all that outlive it; also on a dump, and without symbols of the user's own
    getting lost."""
    machine = Machine(
        kernel, memory="128M", smp="2", append=APPEND, programs=True, typed=True, extra=STUB
    )
    commands = ["tarn symbols sleep", "tarn ps", "info line main", "tarn threads brief"]
    dump = f"monitor dump-guest-memory -p {tmp_path}/core"
    with Boot(machine, build) as boot:
        inside = rows(boot.wait_for(ALL_LISTED)[0])
        found = Session(boot, [*commands, dump])
    outside = rows(found["tarn ps"])
    ours = next(pid for pid, row in inside.items() if row[5] == "ps")
    assert set(inside) - {ours} <= set(outside), found.in_order
    for pid in set(inside) - {ours}:
        seen, said = outside[pid], inside[pid]
        assert (seen[:2], seen[4:]) == (said[:2], said[4:]), (pid, found.in_order)
        if said[5] == "sleep":
            # It may have been on its way to sleep, and have touched a page or two since.
            assert seen[2] == "waits", (pid, found.in_order)
            assert int(said[3]) <= int(seen[3]) <= int(said[3]) + 16, (pid, found.in_order)
    assert [row[5] for row in inside.values()].count("sleep") == 2, inside
    assert "sleep.c" in found["info line main"], found.in_order
    dead = gdb(boot.elf, ["tarn ps"], core=tmp_path / "core")[0]
    assert rows(dead) == outside, dead
    assert servers_on(found["tarn threads brief"]) == {2: 0, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}


def test_without_processes_that_is_said(build):
    machine = Machine("2level", append="selftest=none run=tour", programs=True)
    go = ["tarn symbols tour", "tbreak copy_shared_page", "continue", "tarn ps"]
    assert "proc does not run" in ask(machine, build, go)["tarn ps"]
