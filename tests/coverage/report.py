#!/usr/bin/env python3
"""Adds up what the boots of `make coverage-boot` have left behind, and prints the lines that none
has reached.

    report.py BUILD RECORDS [--limit PERCENT]

BUILD holds the kernels (COVERAGE=1), RECORDS what tests/boot/machine/coverage_boot.py and
tests/bochs/bochs.py have had written there. unreached.toml names the lines that no boot reaches,
with the reason.  Status 1 if a line is missing there, if one that stands there is reached, or if
less than PERCENT are reached.

A line of C is reached if one of its instructions lies behind a block's call that has been seen, up
to the next such call.  Lines of assembly have been translated by QEMU, which it does block by block
when they are about to run. """
import argparse
import bisect
import collections
import functools
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "boot/machine"), str(HERE.parent / "mutants")]
import coverage_boot  # noqa: E402
from planting import function_span  # noqa: E402

# What is reported: no headers, no tests; kernel/mm has `make coverage`.
FOLDERS = ["boot", "kernel"]
ELSEWHERE = "kernel/mm/"
TRAMPOLINE = "boot/trampoline.asm"
HOOK = "__sanitizer_cov_trace_pc"
CALL = re.compile(rf"^\s*([0-9a-f]+):\s+call\s+[0-9a-f]+ <{HOOK}>", re.M)
FUNCTION = re.compile(r"^([0-9a-f]{8}) <", re.M)
CALL_SIZE = 5
# Lines of a NASM listing with code: number, offset, bytes, source.  Data has no instruction to run.
LISTED = re.compile(r"^ *(\d+) ([0-9A-F]{8}) \S+ +(.*)$", re.M)
DATA = re.compile(r"\s*([\w.]+:)?\s*(d[bwdq]|times|align)\b")
INSTRUCTION = re.compile(r"^0x([0-9a-f]+):", re.M)
BLOCK = re.compile(r"^[0-9a-f]{8}$", re.M)


def sources():
    found = [
        path.relative_to(ROOT)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".c", ".asm")
    ]
    return [ROOT / path for path in found if not str(path).startswith(ELSEWHERE)]


# The line table has names of C files without folders.
PATHS = {path.name: str(path.relative_to(ROOT)) for path in sources() if path.suffix == ".c"}


class Kernel:
    """One ELF file: its line table, and which blocks it has."""

    def __init__(self, elf):
        self.rows = coverage_boot.line_rows(str(elf))
        code = coverage_boot.objdump("-d", "--no-show-raw-insn", str(elf))
        calls = {int(address, 16) for address in CALL.findall(code)}
        starts = {int(address, 16) for address in FUNCTION.findall(code)}
        # What lies before a function's first call belongs to its first block, so that the call
        # counts from the function's start on.
        self.starts, self.blocks, begun = [], [], None
        for address in sorted(calls | starts):
            begun = address if address in starts and address not in calls else begun
            if address in calls:
                self.starts.append(address if begun is None else begun)
                self.blocks.append(address + CALL_SIZE)
                begun = None

    def block_of(self, address):
        """The address that the block of this instruction reports."""
        at = bisect.bisect_right(self.starts, address) - 1
        return self.blocks[at] if at >= 0 else None


def trampoline_lines():
    """(line, offset) of each instruction that the other CPUs start with."""
    with tempfile.TemporaryDirectory() as folder:
        listing = pathlib.Path(folder) / "listing"
        subprocess.run(
            ["nasm", "-felf32", "-l", listing, "-o", f"{folder}/o", ROOT / TRAMPOLINE], check=True
        )
        found = LISTED.findall(listing.read_text())
    return [(int(line), int(offset, 16)) for line, offset, text in found if not DATA.match(text)]


@functools.cache
def no_statements():
    """Lines that hold none: data among assembly; of C a function's head, which begins in column 0,
    and braces alone.
    """
    return {
        (str(path.relative_to(ROOT)), number)
        for path in sources()
        for number, text in enumerate(path.read_text().split("\n"), 1)
        if (
            DATA.match(text)
            if path.suffix == ".asm"
            else not text[:1].isspace() or text.strip() in ("{", "}")
        )
    }


def lines_of_kernel(elf, blocks, instructions):
    """Every line with code in this kernel, and whether it was reached there."""
    kernel = Kernel(elf)
    found = collections.defaultdict(bool)
    for file, line, address in kernel.rows:
        if file in PATHS:
            found[PATHS[file], line] |= kernel.block_of(address) in blocks
        elif file.endswith(".asm") and file.startswith(("boot/", "kernel/")):
            found[file, line] |= address in instructions
    for line, offset in trampoline_lines():
        found[TRAMPOLINE, line] |= coverage_boot.TRAMPOLINE[0] + offset in instructions
    return {place: hit for place, hit in found.items() if place not in no_statements()}


def add_up(build, records):
    """Lines with code, and those of them that were reached: sets of (file, line).  Plain kernels
    say which have code, others only of what they alone have: a compiler that inlines less gives
    code to lines that had none, in a kernel that was booted less."""
    coded, reached = set(), set()
    for elf in sorted(
        build.glob("tarn*.elf"), key=lambda elf: (len(elf.stem.split("-")), elf.stem)
    ):
        blocks, instructions = read_records(elf.stem, records)
        if not blocks:
            continue
        found = lines_of_kernel(elf, blocks, instructions)
        if elf.stem in ("tarn", "tarn-pae"):
            coded |= found.keys()
        else:
            files = {file for file, _ in coded}
            coded |= {place for place in found if place[0] not in files}
        reached |= {place for place, hit in found.items() if hit}
    return coded, reached & coded


def read_records(stem, records):
    blocks, instructions = set(), set()
    for path in records.glob(f"{stem}-*.blocks"):
        blocks |= {int(address, 16) for address in BLOCK.findall(path.read_text(errors="replace"))}
    for path in records.glob(f"{stem}-*.asm"):
        instructions |= {
            int(address, 16) for address in INSTRUCTION.findall(path.read_text(errors="replace"))
        }
    return blocks, instructions


# ---- What is known not to be reached ----


def lines_of(entry, unreached):
    """The unreached lines that an entry of unreached.toml stands for: of a function, or those with
    these texts.
    """
    text = (ROOT / entry["file"]).read_text()
    numbered = dict(enumerate(text.split("\n"), 1))
    within = set(numbered)
    if "function" in entry:
        first, last = function_span(text, entry["function"])
        within = set(range(text.count("\n", 0, first) + 1, text.count("\n", 0, last) + 2))
    missing = {line for file, line in unreached if file == entry["file"]} & within
    if "lines" not in entry:
        return missing
    for wanted in entry["lines"]:
        if not any(numbered[line].strip() == wanted for line in missing):
            return set()
    return {line for line in missing if numbered[line].strip() in entry["lines"]}


def compare(unreached):
    """Lines that are not named, and entries that do not fit (any more)."""
    named, wrong = set(), []
    for entry in tomllib.loads((HERE / "unreached.toml").read_text()).get("unreached", []):
        found = lines_of(entry, unreached)
        named |= {(entry["file"], line) for line in found}
        if not found and not entry.get("sometimes"):
            wrong.append(
                f"{entry['file']}: {entry.get('function', '')} {entry.get('lines', '')} is reached, or is not there"
            )
    return unreached - named, wrong


# ---- Printing ----


def as_ranges(lines):
    """ "3-5, 9" """
    ranges = []
    for line in sorted(lines):
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def print_table(coded, reached):
    per_file = collections.defaultdict(lambda: [0, 0, set()])
    for file, line in coded:
        hit = (file, line) in reached
        for key in (file, str(pathlib.PurePath(file).parent) + "/", "all"):
            per_file[key][0] += 1
            per_file[key][1] += hit
            per_file[key][2] |= set() if hit else {line}
    print(f"{'file':34}{'lines':>7}{'reached':>9}{'%':>8}  not reached")
    for file in sorted(per_file, key=lambda name: (name == "all", name)):
        lines, hits, missing = per_file[file]
        print(
            f"{file:34}{lines:7}{hits:9}{100 * hits / lines:8.1f}  {as_ranges(missing) if '.' in file else ''}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("records", type=pathlib.Path)
    parser.add_argument("--limit", type=float, default=90, metavar="PERCENT")
    args = parser.parse_args()
    coded, reached = add_up(args.build, args.records)
    if not coded:
        sys.exit(f"nothing in {args.records}")
    print_table(coded, reached)
    unnamed, wrong = compare(coded - reached)
    for file, line in sorted(unnamed):
        print(
            f"{file}:{line}: not reached, and not named: {(ROOT / file).read_text().splitlines()[line - 1].strip()}"
        )
    for entry in wrong:
        print(f"unreached.toml: {entry}")
    percent = 100 * len(reached) / len(coded)
    print(
        f"{percent:.1f} % of {len(coded)} lines reached, {len(coded - reached - unnamed)} named with a reason, {len(unnamed)} not named"
    )
    sys.exit(1 if unnamed or wrong or percent < args.limit else 0)


if __name__ == "__main__":
    main()
