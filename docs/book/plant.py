#!/usr/bin/env python3
"""Plants one of the book's mistakes in a private copy of the source, where it can be built and
watched.

    python3 docs/book/plant.py                      lists the mistakes
    python3 docs/book/plant.py NAME FOLDER          copies the source to FOLDER, which must be new,
    and changes it there
    cd FOLDER && make run APPEND=exit

The mistakes stand in the chapters, as blocks that begin with ```plant NAME FILE FUNCTION; their
lines are marked as in a diff.  Blocks that begin with ```seen ARGUMENTS show what `make run
ARGUMENTS` prints then.  The lines that go, and those around them, must be in that function,
once: else nothing is changed. """

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import source

BOOK = Path(__file__).resolve().parent
# What a kernel, its programs and the ISO are built from; no results, no history.
TREE = [
    "Makefile",
    "linker.ld",
    "grub.cfg",
    "boot",
    "kernel",
    "lib",
    "user",
    "tests",
    "tools",
    "docs",
]
SEEN = re.compile(r"^```seen([^\n]*)\n(.*?)^```$", re.M | re.S)
BLOCK = re.compile(r"^```plant (\S+) (\S+) (\S+)\n(.*?)^```$", re.M | re.S)


@dataclass
class Plant:
    name: str
    path: str
    function: str
    lines: list  # marked '-', '+' or ' '

    def side(self, sign):
        """The lines before ('-') or after ('+') the change."""
        return [line[1:] for line in self.lines if line[:1] in (sign, " ", "")]

    def place(self):
        """Index in the file of the first line that is replaced."""
        whole, old = source.find(self.path, self.function), self.side("-")
        hits = [i for i in range(len(whole.lines)) if whole.lines[i : i + len(old)] == old]
        if len(hits) != 1:
            raise source.Missing(
                f"mistake {self.name}: the lines to change are {len(hits)} times in {self.function} "
                f"of {self.path}"
            )
        return whole.first - 1 + hits[0]

    def apply(self, tree):
        at, file = self.place(), tree / self.path
        lines = file.read_text().splitlines()
        lines[at : at + len(self.side("-"))] = self.side("+")
        file.write_text("\n".join(lines) + "\n")


def plants_in(text):
    return [
        Plant(name, path, function, body.splitlines())
        for name, path, function, body in BLOCK.findall(text)
    ]


def all_plants():
    found = [
        (page, plant) for page in sorted(BOOK.glob("*.md")) for plant in plants_in(page.read_text())
    ]
    names = [plant.name for _, plant in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise source.Missing(f"two mistakes have the same name: {', '.join(sorted(twice))}")
    return found


def copy_tree(target):
    target.mkdir(parents=True)
    for name in TREE:
        origin = source.ROOT / name
        (shutil.copytree if origin.is_dir() else shutil.copy)(origin, target / name)


def main(arguments):
    if not arguments:
        for page, plant in all_plants():
            print(f"{plant.name:24} {plant.path}, {plant.function}  ({page.name})")
        return 0
    chosen = [plant for _, plant in all_plants() if plant.name == arguments[0]]
    if len(arguments) != 2 or not chosen:
        print(__doc__, file=sys.stderr)
        return 2
    target = Path(arguments[1])
    copy_tree(target)
    chosen[0].apply(target)
    print(f"{target}: {chosen[0].path}, {chosen[0].function}() changed; build and run it there")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
