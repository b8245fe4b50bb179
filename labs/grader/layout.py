"""Offsets and constants of the kernel's types, from the object file of layout.c.

`python3 -m grader.layout OBJECT` prints them.
"""

import sys

from elftools.elf.elffile import ELFFile

PREFIX = "layout_"
# What make calls the object of a format, below its folder of the build.
OBJECT = "labs/grader/layout.c.o"


def read(path):
    """name: value, such as page_flags, zone_size, PG_BUDDY, PKMAP_BASE."""
    with open(path, "rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab").iter_symbols()
        return {
            symbol.name.removeprefix(PREFIX): value_of(elf, symbol)
            for symbol in symbols
            if symbol.name.startswith(PREFIX)
        }


def value_of(elf, symbol):
    data = elf.get_section(symbol["st_shndx"]).data()
    return int.from_bytes(data[symbol["st_value"] :][: symbol["st_size"]], "little")


if __name__ == "__main__":
    for name, value in sorted(read(sys.argv[1]).items()):
        print(f"{name} = {value:#x}")
