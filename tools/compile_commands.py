#!/usr/bin/env python3
"""Reads what `make -nB V=1 kernels` would do, writes compile_commands.json (clang's "JSON
compilation database" format).

Of the two kernels the one that PAE in the environment names: a file has one entry.
"""

import json
import os
import shlex
import sys

VARIANT = "pae" if os.environ.get("PAE") else "2level"


def entry(line):
    """Of a line that compiles a C file of the kernel chosen; else None."""
    words = shlex.split(line) if " -c " in line and not line.startswith(("echo", "@")) else []
    if "-c" not in words or "-o" not in words:
        return None
    file, target = words[words.index("-c") + 1], words[words.index("-o") + 1]
    if not file.endswith(".c") or f"/{VARIANT}/" not in target:
        return None
    return {"directory": os.getcwd(), "file": file, "arguments": words, "output": target}


def main():
    entries = [found for found in map(entry, sys.stdin) if found]
    if not entries:
        print("compile_commands.py: no compiler call among these lines", file=sys.stderr)
        return 1
    json.dump(entries, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
