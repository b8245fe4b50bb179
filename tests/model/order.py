"""The log of the order in which calls took effect, read from the RAM of a guest that has ended
(kernel/hooks/order_log.h, kernel/debug/order_log.c).
"""

import re
import struct
import subprocess
from collections import namedtuple

from abi import ROOT

KERNEL_BASE = 0xC0000000
BLOCKS, BLOCK_BYTES = 16, 4 << 20
LINE = struct.Struct("<8I")

Line = namedtuple("Line", "kind thread words")


def _kinds():
    text = (ROOT / "kernel/hooks/order_log.h").read_text()
    names = re.findall(r"^\t(ORDER_\w+)", text, re.M)
    return {number: name.removeprefix("ORDER_") for number, name in enumerate(names, 1)}


KINDS = _kinds()


def _symbol(elf, name):
    said = subprocess.run(["nm", str(elf)], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", said, re.M)[1], 16)


def read_lines(ram, elf):
    """All lines; and whether the log was long enough."""
    with open(ram, "rb") as file:

        def read(address, size):
            file.seek(address - KERNEL_BASE)
            return file.read(size)

        head = struct.unpack(f"<{2 + BLOCKS}I", read(_symbol(elf, "order_log"), 8 + 4 * BLOCKS))
        count, room, blocks = min(head[0], head[1]), head[1], head[2:]
        data = b"".join(
            read(blocks[i], min(BLOCK_BYTES, count * LINE.size - i * BLOCK_BYTES))
            for i in range(-(-count * LINE.size // BLOCK_BYTES))
        )
    lines = [Line(KINDS[l[0]], l[1], l[2:]) for l in LINE.iter_unpack(data)]
    return lines, head[0] <= room
