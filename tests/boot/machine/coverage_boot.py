"""What QEMU is told so that a kernel built with COVERAGE=1 leaves a record of what has run
(docs/testing.md, tests/coverage).

Nothing, unless TARN_COVERAGE names a folder.  There each boot gets two files: what the blocks of C
have written to port 0xE9 (tests/coverage/hook.asm), and the instructions of assembly that QEMU has
translated, which it does when they are about to run. """

import functools
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

# One row of the line table: file, line, address.
ROW = re.compile(r"^(\S+)\s+(\d+)\s+0x([0-9a-f]+)\b", re.M)
# Where the trampoline is copied to (kernel/arch/x86/paging/layout.h): one page.
TRAMPOLINE = (0x8000, 0x9000)


def objdump(*arguments):
    """GNU's, which any GCC brings along: that of LLVM has no such table."""
    program = next(filter(shutil.which, ("i686-linux-gnu-objdump", "i686-elf-objdump", "objdump")))
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


@functools.lru_cache
def line_rows(elf):
    """(file, line, address) of every row of the kernel's line table, in the order of addresses."""
    rows = [
        (os.path.normpath(file), int(line), int(address, 16))
        for file, line, address in ROW.findall(objdump("--dwarf=decodedline", elf))
    ]
    return sorted(rows, key=lambda row: row[2])


@functools.lru_cache
def assembly_ranges(elf):
    """Address ranges of what assembly files have: from each of their rows to the next row of C, or
    a little behind.
    """
    ranges = []
    rows = line_rows(elf)
    for (file, _, start), (_, _, end) in zip(rows, rows[1:]):
        if file.endswith(".asm") and not file.endswith("hook.asm"):
            end = min(end, start + 16)  # no instruction is longer
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
    return [*ranges, TRAMPOLINE]


def arguments(elf):
    """For QEMU's command line."""
    folder = os.environ.get("TARN_COVERAGE")
    if not folder:
        return []
    record = Path(folder) / f"{elf.stem}-{uuid.uuid4().hex}"
    asm = ",".join(f"0x{start:x}..0x{end - 1:x}" for start, end in assembly_ranges(str(elf)))
    return [
        "-chardev",
        f"file,id=coverage,path={record}.blocks",
        "-device",
        "isa-debugcon,iobase=0xe9,chardev=coverage",
        "-d",
        "in_asm",
        "-D",
        f"{record}.asm",
        "-dfilter",
        asm,
    ]
