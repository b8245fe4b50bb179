"""Boots in which memory or registers are changed at the kernel's entry: other boot data than QEMU's
own.

The Multiboot structure: Multiboot 0.6.96, 3.3.
"""

import struct

from gdb import CHUNK, EBX, Gdb, elf_entry
from qemu import Boot

# Base memory that neither the loader nor the firmware uses any more.  The kernel copies boot data
# in step 1.
MAP_AT, TEXT_AT, NAME_AT = 0x40000, 0x60000, 0x70000

CMDLINE, MMAP_LENGTH, MMAP_ADDRESS, LOADER_NAME = 16, 44, 48, 64
RAM, RESERVED = 1, 2


def boot_patched(machine, build, *patches):
    """Stops the guest at the kernel's entry, lets each of `patches` change it, and waits for the
    end.
    """
    machine.append = f"exit {machine.append}".strip()
    with Boot(machine, build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        for patch in patches:
            patch(gdb)
        gdb.resume()
        boot.status = boot.wait_for_exit()
        boot.final_report = boot.report(f"status {boot.status}")
    return boot


def write_long(gdb, address, data):
    for offset in range(0, len(data), CHUNK):
        gdb.write(address + offset, data[offset : offset + CHUNK])


def memory_map(*ranges):
    """Replaces the loader's memory map by these: (start, end) of RAM, or (start, end, type)."""
    entries = [(start, end, *(kind or [RAM])) for start, end, *kind in ranges]
    data = b"".join(
        struct.pack("<IQQI", 20, start, end - start, kind) for start, end, kind in entries
    )

    def patch(gdb):
        info = gdb.register(EBX)
        write_long(gdb, MAP_AT, data)
        gdb.write(info + MMAP_LENGTH, struct.pack("<II", len(data), MAP_AT))

    return patch


def command_line(text, loader=None):
    """Replaces the command line and, if it is given, the boot loader's name."""

    def patch(gdb):
        info = gdb.register(EBX)
        write_long(gdb, TEXT_AT, text.encode("ascii") + b"\0")
        gdb.write(info + CMDLINE, struct.pack("<I", TEXT_AT))
        if loader:
            gdb.write(NAME_AT, loader.encode("ascii") + b"\0")
            gdb.write(info + LOADER_NAME, struct.pack("<I", NAME_AT))

    return patch
