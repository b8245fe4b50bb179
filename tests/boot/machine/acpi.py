"""Finds the firmware's ACPI tables in a stopped guest (ACPI 6.4, 5.2), so that a test can damage
them.
"""

import struct

HEADER = 36  # bytes of every table before its own data; byte 9 is the checksum


def find_rsdp(gdb):
    """Address of the RSDP: on a 16-byte boundary in the BIOS area."""
    area = gdb.read(0xE0000, 0x20000)
    for offset in range(0, len(area), 16):
        if area[offset : offset + 8] == b"RSD PTR ":
            return 0xE0000 + offset
    raise AssertionError("no RSDP in the BIOS area")


def find_table(gdb, signature):
    """Address and length of a table that the RSDT lists."""
    rsdt = gdb.read_u32(find_rsdp(gdb) + 16)
    for entry in range(rsdt + HEADER, rsdt + gdb.read_u32(rsdt + 4), 4):
        table = gdb.read_u32(entry)
        if gdb.read(table, 4) == signature:
            return table, gdb.read_u32(table + 4)
    raise AssertionError(f"no table {signature}")


def patch_table(gdb, address, offset, data):
    """Changes bytes of a table and corrects its checksum."""
    length = gdb.read_u32(address + 4)
    table = bytearray(gdb.read(address, length))
    table[offset : offset + len(data)] = data
    table[9] = (table[9] - sum(table)) & 0xFF
    gdb.write(address, bytes(table))


def entries(gdb, address):
    """The MADT's entries: (offset, type, length)."""
    length = gdb.read_u32(address + 4)
    table = gdb.read(address, length)
    offset = HEADER + 8
    while offset < length:
        kind, size = struct.unpack_from("BB", table, offset)
        yield offset, kind, size
        offset += size
