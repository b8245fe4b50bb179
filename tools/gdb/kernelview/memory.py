"""Physical memory of the machine that GDB is connected to, page by page, kept until it runs on.

A running machine is read through QEMU's monitor: `pmemsave` into a file where GDB runs on QEMU's
host, else `xp`, which prints.  Either reaches all physical memory, whatever the page tables say.  A
dump is read from its file. """

import os
import re
import struct
import tempfile

import gdb

from kernelview import Unavailable
from kernelview.elfcore import Core

PAGE = 4096


def monitor(command):
    return gdb.execute("monitor " + command, to_string=True)


class Live:
    """QEMU, by the monitor behind its gdb stub."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tarn-gdb-")
        self.path = os.path.join(self.folder.name, "memory")
        self.by_file = self._try_file()

    def _try_file(self):
        try:
            monitor(f'pmemsave 0 16 "{self.path}"')
            return os.path.getsize(self.path) == 16
        except (gdb.error, OSError):
            return False

    def read(self, address, size):
        if self.by_file:
            monitor(f'pmemsave {address:#x} {size} "{self.path}"')
            with open(self.path, "rb") as file:
                return file.read()
        return self._read_printed(address, size)

    @staticmethod
    def _read_printed(address, size):
        words = (size + 7) // 8
        text = monitor(f"xp /{words}xg {address:#x}")
        values = [
            int(value, 16)
            for line in text.splitlines()
            for value in re.findall(r" 0x([0-9a-f]+)", line)
        ]
        if len(values) < words:
            raise Unavailable(
                f"QEMU's monitor does not show physical memory at {address:#x}: {text.strip() or 'no answer'}"
            )
        return struct.pack(f"<{len(values)}Q", *values)[:size]


class Dump:
    def __init__(self, path):
        self.core = Core(path)

    def read(self, address, size):
        data = self.core.read(address, size)
        if data is None:
            raise Unavailable(f"the dump does not hold physical memory at {address:#x}")
        return data


class Memory:
    """Pages of a source, remembered until forget()."""

    def __init__(self, source):
        self.source = source
        self.pages = {}

    def forget(self):
        self.pages.clear()

    def read(self, address, size):
        first, last = address // PAGE, (address + size - 1) // PAGE
        self._fetch(first, last)
        data = b"".join(self.pages[page] for page in range(first, last + 1))
        return data[address - first * PAGE :][:size]

    def _fetch(self, first, last):
        missing = [page for page in range(first, last + 1) if page not in self.pages]
        if not missing:
            return
        start, end = missing[0], missing[-1] + 1
        data = self.source.read(start * PAGE, (end - start) * PAGE)
        for n in range(end - start):
            self.pages[start + n] = data[n * PAGE : (n + 1) * PAGE]


def core_file():
    """Path of the core file that GDB has open, or None."""
    listing = gdb.execute("info files", to_string=True)
    found = re.search(r"Local core dump file:\s*`(.+?)', file type", listing)
    return found[1] if found else None


def is_live():
    connection = gdb.selected_inferior().connection
    return connection is not None and connection.type in ("remote", "extended-remote")


def connect():
    """The memory of what GDB looks at now."""
    if is_live():
        return Memory(Live())
    path = core_file()
    if path:
        return Memory(Dump(path))
    raise Unavailable(
        "GDB is connected to nothing: `target remote ...` (make gdb), or `core-file ...` "
        "(make dump). Where GDB said \"'g' packet reply is too long\", the machine is "
        "qemu-system-x86_64: it must be qemu-system-i386"
    )
