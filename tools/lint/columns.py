#!/usr/bin/env python3
"""columns.py [FOLDER]: no line of code is longer than 100 columns, but for strings: a message is
longer where cutting it would hide it from whoever searches for it.

Looks at C, assembly, Python, shell, awk and makefiles.  A tab goes to the next multiple of eight.
"""

import re
import sys
from pathlib import Path

COLUMNS = 100
ENDINGS = (".c", ".h", ".asm", ".ld", ".py", ".sh", ".awk", ".mk")
FOLDERS = ("boot", "kernel", "lib", "user", "labs", "tests", "tools", "docs", ".ci")
STRING = re.compile(r"""("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)""")
# A comment on a line of its own, or the first line of a docstring: what it quotes is no string.
COMMENT = re.compile(r'\s*(/\*|\*|#(?!\s*(define|include|error))|;|""")')


def is_source(path):
    return path.suffix in ENDINGS or path.name == "Makefile" or path.parent.name == ".ci"


def sources(root):
    yield from (path for path in root.glob("*") if path.is_file() and is_source(path))
    for folder in FOLDERS:
        yield from (path for path in sorted((root / folder).rglob("*")) if is_source(path))


def too_long(line):
    """True if it is, also without what stands in its strings."""
    if len(line.expandtabs(8)) <= COLUMNS:
        return False
    if COMMENT.match(line) or not STRING.search(line):
        return True
    return len(STRING.sub('""', line).expandtabs(8)) > COLUMNS


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    count = 0
    for path in sources(root):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if too_long(line):
                print(f"{path.relative_to(root)}:{number}: {len(line.expandtabs(8))} columns")
                count += 1
    print(f"columns: {count} lines longer than {COLUMNS}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
