#!/usr/bin/env python3
"""The table of calls (lib/abi/calls.h) and of errors (lib/errno.h) as data, for whoever imports it.

    python3 tools/calls.py          writes the generated part of docs/calls.md
    python3 tools/calls.py --check  exit status 1 if that part is not what the tables say

What is generated stands behind the line MARK of the page; what is before it is written by hand.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE, ERRORS, PAGE = (ROOT / name for name in ("lib/abi/calls.h", "lib/errno.h", "docs/calls.md"))
MARK = "<!-- From here on: tools/calls.py, from lib/abi/calls.h and lib/errno.h. -->\n"
# Every call may return these, so the table does not list them.
COMMON = ["EBADH", "EPERM", "EINVAL", "EDEAD"]
PLACES = {"h1": "eax, bits 8 to 19", "h2": "eax, bits 20 to 31"}

STRINGS = r'((?:"[^"]*"\s*)*)'
CALL = re.compile(rf"CALL\((\d+),\s*(\w+),\s*{STRINGS},\s*{STRINGS},\s*{STRINGS}\)")
ERROR = re.compile(r"^#define (E\w+) +(\d+)(?: */\* (.*) \*/)?$", re.M)


class Argument(NamedTuple):
    place: str  # register, or h1 or h2: a handle in eax
    name: str
    what: str  # how it is read


class Call(NamedTuple):
    number: int
    name: str
    arguments: list
    errors: list  # beyond COMMON
    text: str


def joined(strings):
    """Neighbouring C strings as one."""
    return "".join(re.findall(r'"([^"]*)"', strings))


def read_calls(path=TABLE):
    text = path.read_text().replace("\\\n", "\n")
    return [
        Call(
            int(number),
            name,
            [Argument(*argument.split(":")) for argument in joined(arguments).split()],
            joined(errors).split(),
            joined(words),
        )
        for number, name, arguments, errors, words in CALL.findall(text)
    ]


def read_errors(path=ERRORS):
    """{name: (number, meaning)}"""
    return {
        name: (int(number), meaning) for name, number, meaning in ERROR.findall(path.read_text())
    }


# ---- The page ------------------------------------------------------------------------------------


def call_section(call):
    parameters = ", ".join(argument.name for argument in call.arguments)
    rows = [
        f"| `{argument.name}` | {PLACES.get(argument.place, argument.place)} "
        f"| `{argument.what.replace('|', ' or ')}` |"
        for argument in call.arguments
    ]
    return "\n".join(
        [
            f"### {call.number}. `{call.name}({parameters})`",
            "",
            call.text,
            "",
            "| argument | in | read as |",
            "|---|---|---|",
            *rows,
            "",
            f"Errors beside the common ones: {', '.join(call.errors) or 'none'}.",
            "",
        ]
    )


def error_row(name, number, meaning, calls):
    """Empty for an error that no call returns."""
    users = [f"`{call.name}`" for call in calls if name in call.errors]
    where = "every call" if name in COMMON else ", ".join(users)
    return f"| {name} | {number} | {meaning} | {where} |" if where else ""


def generated(calls, errors):
    rows = filter(None, (error_row(name, *errors[name], calls) for name in errors))
    return "\n".join(
        [
            "## The calls",
            "",
            *map(call_section, calls),
            "## The errors",
            "",
            "| error | number | meaning | returned by |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def page():
    by_hand, mark, _ = PAGE.read_text().partition(MARK)
    return by_hand + mark + "\n" + generated(read_calls(), read_errors())


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        return int(PAGE.read_text() != page())
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
