#!/usr/bin/env python3
"""reading.py [--write]: the table "Reading the source" of docs/README.md: does its column of lines
fit the files?  With --write it is set right, rounded to tens.

A row names files: the first with its folder, others by name ("`a.h`, `b.c`") or by ending alone
("`a.h`, `.c`"), by pattern ("`test_*.c`"), or as a folder ("the rest of `lib/`").
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/README.md"
ROW = re.compile(r"^\| (?P<names>[^|]*`[^|]*) \| (?P<lines>\d+) \|", re.M)
TOLERANCE = 0.2


def files(names):
    """The files that a row names; AssertionError if one is not there."""
    found, last = set(), None
    for name in re.findall(r"`([^`]+)`", names):
        if name.endswith("/"):
            found |= {path for path in (ROOT / name).rglob("*") if path.is_file()}
            continue
        if last and re.fullmatch(r"\.\w+", name):
            name = str(last.with_suffix(name))
        elif last and "/" not in name:
            name = str(last.parent / name)
        matching = set(ROOT.glob(name))
        assert matching, f"docs/README.md names {name}, which is not there"
        found |= matching
        last = Path(name)
    return found


def count(names):
    return sum(len(path.read_text().splitlines()) for path in files(names))


def rows(text):
    """(names, lines as the page says, lines as they are)"""
    for match in ROW.finditer(text):
        yield match["names"], int(match["lines"]), count(match["names"])


def wrong(text):
    """Rows that are off by more than the tolerance; rounding to tens is none."""
    for names, said, real in rows(text):
        if abs(said - real) > max(10, TOLERANCE * real):
            yield f"docs/README.md: {names}: {said} lines, but there are {real}"


def set_right(text):
    def line(match):
        lines = max(10, round(count(match["names"]), -1))
        return match[0].replace(f"| {match['lines']} |", f"| {lines} |")

    return ROW.sub(line, text)


def main():
    text = PAGE.read_text()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(set_right(text))
        return 0
    found = list(wrong(text))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
