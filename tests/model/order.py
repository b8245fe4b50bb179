"""The log of the order in which calls took effect, read from the RAM of a guest that has ended
(kernel/hooks/order_log.h, kernel/debug/order_log.c).
"""

import re
import struct
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

from abi import ROOT

KERNEL_BASE = 0xC0000000
BLOCKS, BLOCK_BYTES = 16, 4 << 20
LINE = struct.Struct("<8I")

CPUS = 4
QEMU = (
    "qemu-system-i386 -m 256M -smp {cpus} -nic none -display none -serial stdio -no-reboot "
    "-object memory-backend-file,id=ram,size=256M,share=on,mem-path={ram} "
    "-machine pc,memory-backend=ram -device isa-debug-exit,iobase=0xf4,iosize=4"
)

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


def race(build, kernel, seed, count, limit=1800):
    """Exit status, console and log of one boot in which the calls race; a debug kernel."""
    with tempfile.TemporaryDirectory(prefix="tarn-order-") as folder:
        ram, elf = Path(folder) / "ram", build / kernel
        command = QEMU.format(cpus=CPUS, ram=ram).split() + [
            "-kernel",
            str(elf),
            "-initrd",
            f"{build}/user.tar user.tar",
            "-append",
            f'selftest=none exit run="random {seed} {count} ordered"',
        ]
        done = subprocess.run(command, capture_output=True, timeout=limit)
        text = done.stdout.decode(errors="replace").replace("\r", "")
        return done.returncode, text, *read_lines(ram, elf)
