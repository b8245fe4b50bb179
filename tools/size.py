#!/usr/bin/env python3
"""size.py [--no-limit] ELF...: bytes of each kernel's section .text.

Exit status 1 if one has more than LIMIT: the code of a kernel without tests, as GCC compiles it.
"""

import struct
import sys
from pathlib import Path

# The one place that says how much code a kernel without tests may have.
# The design allows 88 KiB with the microkernel; tasks, messages and calls take 42, not 26, and what
# fork does to many pages at once 4.
LIMIT = 108 * 1024


def text_bytes(elf):
    """Size of .text (ELF32, little endian; System V ABI, chapter 4, on section headers)."""
    image = Path(elf).read_bytes()
    assert image[:6] == b"\x7fELF\x01\x01", f"{elf} is no ELF file for the i386"
    (table,) = struct.unpack_from("<I", image, 32)
    size, count, names = struct.unpack_from("<3H", image, 46)
    sections = [struct.unpack_from("<10I", image, table + i * size) for i in range(count)]
    for name, _, _, _, _, length, *_ in sections:
        start = sections[names][4] + name
        if image[start : image.index(b"\0", start)] == b".text":
            return length
    raise AssertionError(f"{elf} has no section .text")


def main():
    limited = "--no-limit" not in sys.argv[1:]
    status = 0
    for elf in [word for word in sys.argv[1:] if word != "--no-limit"]:
        size = text_bytes(elf)
        print(f"{elf}: {size} bytes of code" + (f", at most {LIMIT}" if limited else ""))
        if limited and size > LIMIT:
            print(f"{elf}: {size - LIMIT} bytes too many", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
