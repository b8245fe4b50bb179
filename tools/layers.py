#!/usr/bin/env python3
"""Checks that the layers include one way only: lib < kernel/arch/x86 < kernel/mm < kernel < tests/kernel < tests/bench.

A file may include its own layer and lower ones, by a path that names the layer.  What a lower layer needs from a higher one it
declares in a header of its own (upcall.h, wait.h, testing.h).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Lowest first: how an include of the layer begins, and the folder that it means.
LAYERS = [("lib/", "lib"), ("arch/x86/", "kernel/arch/x86"), ("mm/", "kernel/mm"), ("kernel/", "kernel"), ("tests/kernel/", "tests/kernel"),
          ("tests/bench/", "tests/bench")]


def layer_of(path):
    folder = str(path.parent)
    return next(i for i, (_, name) in enumerate(LAYERS) if name == folder)


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
        layer = next((i for i, (prefix, _) in enumerate(LAYERS) if name.startswith(prefix)), None)
        if layer is None:
            yield number, f'"{name}" names no layer'
        elif layer > own:
            yield number, f'"{name}" is of a higher layer'


def main():
    count = 0
    files = [p.relative_to(ROOT) for _, folder in LAYERS for p in sorted((ROOT / folder).glob("*.[ch]"))]
    for path in files:
        for number, what in faults(path):
            print(f"{path}:{number}: {what}")
            count += 1
    print(f"layers: {len(files)} files, {count} includes the wrong way")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
