#!/usr/bin/env python3
"""Lines of code by folder: blank lines and comments left out.  A line with both code and comment
counts.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A file belongs to the first folder that holds it.
FOLDERS = [
    "boot",
    "lib",
    "kernel/arch/x86",
    "kernel/mm",
    "kernel",
    "user",
    "tests/kernel",
    "tests/bench",
    "tests",
    "tools",
]
COMMENTS = {
    ".c": re.compile(r'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|/\*.*?\*/|//[^\n]*', re.S),
    ".asm": re.compile(r"('[^'\n]*'|\"[^\"\n]*\")|;[^\n]*"),
    ".py": re.compile(r'^[ \t]*(?:"""|\'\'\').*?(?:"""|\'\'\')[ \t]*$|^[ \t]*#[^\n]*', re.S | re.M),
    ".sh": re.compile(r"^[ \t]*#[^\n]*", re.M),
}
COMMENTS |= {
    ".h": COMMENTS[".c"],
    ".ld": COMMENTS[".c"],
    ".awk": COMMENTS[".sh"],
    ".cfg": COMMENTS[".sh"],
}


def code_lines(path):
    pattern = COMMENTS[path.suffix]
    # A string stays, a comment goes but for its line ends.
    text = pattern.sub(
        lambda found: (found.group(1) if pattern.groups else None)
        or "\n" * found.group().count("\n"),
        path.read_text(),
    )
    return sum(1 for line in text.splitlines() if line.strip())


def main():
    counts = {folder: [0, 0] for folder in FOLDERS}
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        folder = next((folder for folder in FOLDERS if name.startswith(folder + "/")), None)
        if folder and path.suffix in COMMENTS and path.is_file():
            counts[folder][0] += 1
            counts[folder][1] += code_lines(path)
    for folder, (files, count) in counts.items():
        if files:
            print(f"{folder:18}{files:5} files {count:7} lines")
    kernel = sum(
        counts[folder][1] for folder in ("boot", "lib", "kernel/arch/x86", "kernel/mm", "kernel")
    )
    print(f"{'kernel, together':18}{'':11} {kernel:7} lines")


if __name__ == "__main__":
    main()
