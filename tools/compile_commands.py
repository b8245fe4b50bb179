#!/usr/bin/env python3
"""Reads what `make -nB V=1 kernels plain` would do, then with DEBUG=1, and writes
compile_commands.json (clang's "JSON compilation database" format).

A file has one entry: of the format that PAE in the environment names, of the debug build only if
no other has it, and of programs only if the kernel does not have it.
"""

import json
import os
import re
import shlex
import sys

VARIANT = "pae" if os.environ.get("PAE") else "2level"


def entry(line):
    """Of a line that compiles a C file of the kernel chosen; else None."""
    words = shlex.split(line) if " -c " in line and not line.startswith(("echo", "@")) else []
    if "-c" not in words or "-o" not in words:
        return None
    file, target = words[words.index("-c") + 1], words[words.index("-o") + 1]
    if not file.endswith(".c") or not re.search(rf"/({VARIANT}(-debug)?|user/objects)/", target):
        return None
    return {"directory": os.getcwd(), "file": file, "arguments": words, "output": target}


def main():
    entries = {}
    for found in map(entry, sys.stdin):
        if found:
            entries.setdefault(found["file"], found)
    if not entries:
        print("compile_commands.py: no compiler call among these lines", file=sys.stderr)
        return 1
    json.dump(list(entries.values()), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
