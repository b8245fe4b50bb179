#!/usr/bin/env python3
"""Copies the kernel's files for the checker, with small numbers in place of large ones: the same
code, fewer entries.

    scale.py ENTRIES FROM TO     PTE tables of ENTRIES, a power of two

A number that is not where it is expected is an error: then the file has changed, and the table
below must. """
import pathlib
import re
import sys

PAGE_SHIFT = 12
PMD_ENTRIES = 2  # of a PMD table, PAE
HANDLES = 8  # of a task
FRAMES_END = "(1u << 10)"


def numbers(entries):
    """What is replaced, by the end of the file's name."""
    reach = PAGE_SHIFT + entries.bit_length() - 1
    return {
        "pgtable_2level.h": {
            "MAX_PFN": FRAMES_END,
            "PTRS_PER_PGD": "4u",
            "PTRS_PER_PTE": f"{entries}u",
            "PGDIR_SHIFT": reach,
            "PMD_SHIFT": reach,
        },
        "pgtable_3level.h": {
            "MAX_PFN": FRAMES_END,
            "PTRS_PER_PMD": f"{PMD_ENTRIES}u",
            "PTRS_PER_PTE": f"{entries}u",
            "PMD_SHIFT": reach,
            "PGDIR_SHIFT": reach + PMD_ENTRIES.bit_length() - 1,
        },
        "lazy.c": {"BATCH": "1u", "AHEAD_SHIFT": "1"},
        "user_rights.c": {"PIECE_PAGES": "1u"},
        "user_revoke.c": {"PIECE_ENTRIES": "1u"},
        "timeout.c": {"WHEEL_SLOTS": "4u"},
        "object.h": {"ELEMENTS_A_HOLD": "2u"},
        "handle.h": {"HANDLES_A_PAGE": f"{HANDLES}u"},
        "abi.h": {
            "HANDLES_MAX": f"{HANDLES}u",
            "MESSAGE_WORDS": "4u",
            "USER_START": "0x1000u",
        },
    }


# Statements that are not true of the small numbers and are left out, by the end of the file's name.
UNTRUE = {"handle.h": "_Static_assert(sizeof(struct handle)"}


def scaled(name, text, entries):
    for macro, value in numbers(entries).get(pathlib.Path(name).name, {}).items():
        text, found = re.subn(
            rf"^#define {macro} .+$", f"#define {macro} {value}", text, flags=re.M
        )
        if found != 1:
            raise ValueError(f"{name}: {macro} is defined {found} times")
    untrue = UNTRUE.get(pathlib.Path(name).name)
    if untrue:
        before, behind = text.split(untrue)
        text = before + behind.partition(";\n")[2]
    return text


def main():
    source, target = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(scaled(source.name, source.read_text(), int(sys.argv[1])))


if __name__ == "__main__":
    main()
