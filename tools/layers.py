#!/usr/bin/env python3
"""Checks that the layers include one way only: lib < kernel/arch/x86 < kernel/mm < kernel <
tests/checkers < tests/kernel < tests/bench.

A file may include its own layer and lower ones, by a path that names the layer.  What a lower layer
needs from a higher one it declares in a header of its own (upcall.h, wait.h, testing.h). """
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Lowest first: how an include of the layer begins, and the folder that it means.
LAYERS = [
    ("lib/", "lib"),
    ("arch/x86/", "kernel/arch/x86"),
    ("mm/", "kernel/mm"),
    ("kernel/", "kernel"),
    ("kernel/debug/", "kernel/debug"),
    ("tests/checkers/", "tests/checkers"),
    ("tests/kernel/", "tests/kernel"),
    ("tests/bench/", "tests/bench"),
]


def layer_of(path):
    """The layer whose folder holds the file: the innermost of them."""
    return max(
        (i for i, (_, name) in enumerate(LAYERS) if str(path).startswith(name + "/")),
        key=lambda i: len(LAYERS[i][1]),
    )


def faults(path):
    own = layer_of(path)
    for number, line in enumerate((ROOT / path).read_text().split("\n"), 1):
        if not (match := re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)):
            continue
        quote, name = match.groups()
        if quote == "<":
            if name not in ("stdarg.h", "stdbool.h", "stddef.h", "stdint.h"):
                yield number, f"<{name}> is not freestanding"
            continue
        layer = max(
            (i for i, (prefix, _) in enumerate(LAYERS) if name.startswith(prefix)),
            key=lambda i: len(LAYERS[i][0]),
            default=None,
        )
        if layer is None:
            yield number, f'"{name}" names no layer'
        elif layer > own:
            yield number, f'"{name}" is of a higher layer'


def main():
    count = 0
    found = {p for _, folder in LAYERS for p in (ROOT / folder).rglob("*.[ch]")} - set(
        (ROOT / "tests/bench/linux").rglob("*")
    )
    files = sorted(p.relative_to(ROOT) for p in found)
    for path in files:
        for number, what in faults(path):
            print(f"{path}:{number}: {what}")
            count += 1
    print(f"layers: {len(files)} files, {count} includes the wrong way")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
