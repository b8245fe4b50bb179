#!/usr/bin/env python3
"""What the book says that a mistake shows: each is planted in a copy of the source, built, booted,
and its console compared with the blocks that follow it in the chapter.

    mistakes.py BUILD [NAME...]

A block begins with ```seen and what `make run` is told, such as PAE=1 DEBUG=1 APPEND='...'.  Its
lines must be on the console in their order, others may come between.  Numbers count as equal, since
addresses, times and counts differ from build to build; "..." stands for any text; a line that ends
with a backslash goes on in the next one. """

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "docs/book"), str(ROOT / "tests/boot/machine")]
import plant  # noqa: E402
from qemu import Boot, Machine  # noqa: E402

NUMBER = re.compile(r"\b(?:0x[0-9a-f]+|[0-9a-f]*[0-9][0-9a-f]*)\b")


@dataclass
class Seen:
    """A block of output behind a mistake."""

    mistake: plant.Plant
    arguments: dict
    lines: list

    @property
    def name(self):
        return f"{self.mistake.name} {shlex.join(f'{k}={v}' for k, v in self.arguments.items())}"

    @property
    def machine(self):
        told = dict(self.arguments)
        machine = Machine(
            "pae" if told.pop("PAE", "") else "2level",
            memory=told.pop("MEM", "3G"),
            smp=told.pop("SMP", "4"),
            append=told.pop("APPEND", ""),
            debug=bool(told.pop("DEBUG", "")),
            programs=True,
        )
        assert not told, f"{self.name}: {', '.join(told)} cannot be told here"
        return machine


def seen_in(text):
    """The blocks of a chapter, each with the mistake that stands before it."""
    planted = [(found.start(), found.group(1)) for found in plant.BLOCK.finditer(text)]
    mistakes = {mistake.name: mistake for mistake in plant.plants_in(text)}
    for found in plant.SEEN.finditer(text):
        before = [name for start, name in planted if start < found.start()]
        arguments = dict(word.split("=", 1) for word in shlex.split(found.group(1)))
        lines = found.group(2).replace("\\\n", "").splitlines()
        yield Seen(mistakes[before[-1]], arguments, lines)


def all_seen():
    return [seen for page in sorted(plant.BOOK.glob("*.md")) for seen in seen_in(page.read_text())]


# ---- Comparing -----------------------------------------------------------------------------------


def pattern(line):
    """What a line of the console must look like that shows this one of the book."""
    parts = [NUMBER.sub("0", part).split() for part in line.split("...")]
    texts = [" +".join(re.escape(word) for word in words) for words in parts]
    return re.compile("^ *" + ".*?".join(texts) + " *$", re.M)


def first_missing(lines, console):
    """The first line of the book that the console does not show behind those before; None: all are
    there.
    """
    console, at = NUMBER.sub("0", console), 0
    for line in lines:
        found = pattern(line).search(console, at) if line.strip(" .") else None
        if line.strip(" .") and not found:
            return line
        at = found.end() if found else at
    return None


# ---- Planting and booting ------------------------------------------------------------------------


def copy(build, folder):
    """Source and what is built of it, with the times of the files."""
    for name in plant.TREE:
        origin = ROOT / name
        (shutil.copytree if origin.is_dir() else shutil.copy2)(origin, folder / name)
    (folder / "build").mkdir()
    for part in ("2level", "pae", "2level-debug", "pae-debug", "user"):
        if (build / part).is_dir():
            shutil.copytree(build / part, folder / "build" / part)
    for file in [*build.glob("*.elf"), *build.glob("*.tar"), *build.glob("flags*")]:
        shutil.copy2(file, folder / "build")


def make(folder, machine):
    """Only what depends on the mistake is compiled."""
    debug = ["DEBUG=1"] if machine.debug else []
    goals = [f"build/{machine.elf_name}", "build/user.tar"]
    made = subprocess.run(
        ["make", "-s", *debug, *goals], cwd=folder, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr[-4000:]


def console_of(machine, build, lines):
    """Until it has shown the lines, or nothing more can come."""
    with Boot(machine, build) as boot:
        while first_missing(lines, boot.text) is not None and boot.reader.is_alive():
            boot._wait_for_output()
        return boot.text


def compare(seen, folder):
    """None, or what is wrong; the copy in `folder` has the mistake."""
    make(folder, seen.machine)
    try:
        console = console_of(seen.machine, folder / "build", seen.lines)
    except AssertionError as wrong:
        console = str(wrong)
    missing = first_missing(seen.lines, console)
    return missing and f"{seen.name}: not shown: {missing}\n--- console\n{console[-3000:]}"


def check(blocks, build):
    """The mistake of the blocks is one; planted once."""
    with tempfile.TemporaryDirectory(prefix="tarn-book-") as name:
        folder = Path(name)
        copy(build, folder)
        blocks[0].mistake.apply(folder)
        return [wrong for wrong in (compare(seen, folder) for seen in blocks) if wrong]


def by_mistake(names):
    found = {}
    for seen in all_seen():
        if not names or seen.mistake.name in names:
            found.setdefault(seen.mistake.name, []).append(seen)
    return found


def main(build, names):
    wrong = 0
    for name, blocks in by_mistake(names).items():
        different = check(blocks, Path(build).resolve())
        wrong += bool(different)
        print(f"{name}: {'as the book says' if not different else 'DIFFERENT'}", flush=True)
        print(*different, sep="\n", end="\n" if different else "", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
