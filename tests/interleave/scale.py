#!/usr/bin/env python3
"""Makes the page-table formats of kernel/arch/x86 small: the same code, other numbers of entries.

    scale.py FOLDER ENTRIES     writes FOLDER/arch/x86/pgtable_{2,3}level.h with PTE tables of ENTRIES (a power of two)

A number that is not where it is expected is an error: then the header has changed, and this file must.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE_SHIFT = 12
PMD_ENTRIES = 2  # of a PMD table, PAE


def scaled(name, numbers):
    text = (ROOT / "kernel/arch/x86" / name).read_text()
    for macro, value in numbers.items():
        text, found = re.subn(rf"^#define {macro} \S+$", f"#define {macro} {value}", text, flags=re.M)
        if found != 1:
            sys.exit(f"{name}: {macro} is defined {found} times")
    return text


def main():
    folder, entries = pathlib.Path(sys.argv[1]) / "arch/x86", int(sys.argv[2])
    reach = PAGE_SHIFT + entries.bit_length() - 1
    two = {"PTRS_PER_PGD": "4u", "PTRS_PER_PTE": f"{entries}u", "PGDIR_SHIFT": reach, "PMD_SHIFT": reach}
    three = {"PTRS_PER_PMD": f"{PMD_ENTRIES}u", "PTRS_PER_PTE": f"{entries}u", "PMD_SHIFT": reach, "PGDIR_SHIFT": reach + 1}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pgtable_2level.h").write_text(scaled("pgtable_2level.h", two))
    (folder / "pgtable_3level.h").write_text(scaled("pgtable_3level.h", three))


if __name__ == "__main__":
    main()
