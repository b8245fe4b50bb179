"""Symbols and segments of an ELF file."""

import bisect

from elftools.elf.elffile import ELFFile


class Elf:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.symbols = dict(self._symbols(elf.get_section_by_name(".symtab")))
            self.segments = [
                (segment["p_paddr"], segment["p_paddr"] + segment["p_memsz"])
                for segment in elf.iter_segments("PT_LOAD")
            ]
        self.functions = sorted(
            (address, size, name) for name, (address, size, kind) in self.symbols.items() if kind
        )

    @staticmethod
    def _symbols(table):
        """name: (address, size, whether a function).  A name that is public wins."""
        found = [symbol for symbol in table.iter_symbols() if symbol["st_shndx"] != "SHN_UNDEF"]
        for symbol in sorted(found, key=lambda symbol: symbol["st_info"]["bind"] == "STB_GLOBAL"):
            function = symbol["st_info"]["type"] == "STT_FUNC"
            yield symbol.name, (symbol["st_value"], symbol["st_size"], function)

    def address(self, name):
        return self.symbols[name][0]

    def function(self, address):
        """The name of the function in which an address lies; empty if in none."""
        index = bisect.bisect_right(self.functions, (address, float("inf"))) - 1
        start, size, name = self.functions[max(index, 0)]
        return name if start <= address < start + max(size, 1) else ""

    def caller(self, back):
        """The function that called: behind a call that never returns the next one may begin."""
        return self.function(back - 1)

    def place(self, address):
        """function+offset, as the kernel's own reports name it."""
        name = self.function(address)
        return f"{name}+{address - self.address(name):#x}" if name else f"{address:#x}"
