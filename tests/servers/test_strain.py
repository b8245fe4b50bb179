"""Memory under strain: user/bin/strain.c fills what the machine has left, from several processes,
with fork and copy-on-write, checks every word, and says what the memory core did meanwhile."""

import re
from dataclasses import dataclass

import pytest

from qemu import PASS, Machine, run
from test_shell import Shell

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
full = pytest.mark.full
ZONES = re.compile(r"^\[6\] zones: DMA (\d+), NORMAL (\d+), HIGHMEM (\d+) pages", re.M)
ROW = re.compile(r"^ *" + r" +".join([r"(\d+)"] * 11) + "$", re.M)
# Of vmstat: free KiB by zone; the row has more columns.
VMSTAT = re.compile(r"^ *(\d+) +(\d+) +(\d+)(?: +\d+[kM]?){10}$", re.M)
ENDED = re.compile(r"^strain: pid \d+: out of memory, write at 0x", re.M)
GOOD = "\nevery word was right, and every page came back\n"
DIED = re.compile(r"^root: \w+ (?:died|does not answer)", re.M)


@dataclass
class Round:
    """A row that strain prints, 0 before it begins; memory in KiB, but for tables."""

    number: int
    normal_then: int
    dma: int
    normal: int
    high: int
    least_tables: int
    most_tables: int
    maps: int
    flushes: int
    in_use: int
    objects: int


def rounds_of(text):
    return [Round(*map(int, row)) for row in ROW.findall(text)]


def check_high_first(row, zones):
    """HIGHMEM was all but gone while NORMAL was all but whole."""
    assert row.high < zones[2] * 4 // 16 and row.normal_then > zones[1] * 4 * 9 // 10, row


def check_reserve(row, zones):
    """What pages of programs leave to the kernel (docs/memory.md), of which it took some."""
    assert row.dma >= min(zones[1] // 64, zones[0] // 4) * 4, row
    assert row.normal >= min(zones[2] // 128, zones[1] // 4) * 4, row


def check_rounds(text, rounds, report, to_the_end=False):
    """Nobody else was harmed, and nothing is left of the rounds; the rows."""
    rows = rounds_of(text)
    zones = [int(pages) for pages in ZONES.search(text).groups()]
    assert [row.number for row in rows] == list(range(rounds + 1)), report
    before, *rows = rows
    before = rows[0] if to_the_end else before
    assert GOOD in text and not DIED.search(text), report
    assert len(ENDED.findall(text)) == (rounds if to_the_end else 0), report
    for row in rows:
        check_high_first(row, zones)
        check_reserve(row, zones)
        assert row.in_use <= before.in_use and row.objects <= before.objects, report
    # The pool came to its end and was flushed, on 256 MiB in every other round; tables went to the
    # quicklists and came from there.
    assert sum(row.flushes for row in rows) >= max(1, rounds // 4), report
    assert min(row.least_tables for row in rows) < max(row.most_tables for row in rows), report
    return rows


def strain(build, kernel, words):
    append = f'selftest=none highmem=128M run="strain {words}"'
    boot = run(Machine(kernel, append=append, programs=True, smp="4", memory="256M"), build)
    assert boot.status == PASS, boot.final_report
    return boot


@BOTH
def test_all_memory(kernel, build):
    """Who asks for more than there is, is ended; nobody else is."""
    boot = strain(build, kernel, "-o -r 2 64")
    check_rounds(boot.text, 2, boot.final_report, to_the_end=True)
    table = boot.text[boot.text.index("NORMAL then") : boot.text.index(GOOD)].splitlines()
    assert "compared with that after round 1" in table[1], boot.final_report
    assert max(len(line) for line in table) < 80, boot.final_report


@full
@BOTH
def test_hundred_rounds(kernel, build):
    boot = strain(build, kernel, "-r 100")
    check_rounds(boot.text, 100, boot.final_report)


def look_on(shell):
    """vmstat's figures of HIGHMEM while a round goes on, one every two seconds."""
    shell.run("strain > log &")
    free = []
    while shell.run("jobs"):
        free += [int(row[2]) for row in VMSTAT.findall(shell.run("sleep 2; vmstat | head -3"))]
    return free


@full
@BOTH
@pytest.mark.parametrize("words", ["", "-o "])
def test_full_size(kernel, words, build):
    """2.8 of 3 GiB: once while vmstat looks on, then by itself, so that what is left is its own."""
    with Shell(build, kernel, smp="4", memory="3G") as shell:
        free = look_on(shell)
        assert min(free) < max(free) // 8, free
        shell.run(f"strain {words}-r 3")
        boot = shell.boot
        rows = check_rounds(boot.text, 3, boot.report("strain"), to_the_end=bool(words))
        print("\n".join(map(str, rows)))
