"""What a Multiboot loader may hand over (Multiboot 0.6.96, 3.3), put together byte by byte at the
kernel's entry.
"""

import re
import struct

import pytest

import lines
from gdb import EBX, Gdb, elf_entry
from qemu import PASS, Boot, Machine

# Free memory below 640 KiB, each with room enough.
INFO, CMDLINE, NAME, MAP, MODULES = 0x20000, 0x20100, 0x20800, 0x21000, 0x22000
MEMORY, HAS_CMDLINE, HAS_MODULES, HAS_MAP, HAS_NAME = 1 << 0, 1 << 2, 1 << 3, 1 << 6, 1 << 9
RAM, RESERVED, ACPI, NVS = 1, 2, 3, 4
MIB = 1 << 20
STEP_1 = re.compile(
    r"^\[1\] memory map: RAM (\d+) MiB \((\d+) bytes\) in (\d+) ranges?, (\d+) modules?, from (.*)$",
    re.M,
)


def map_bytes(entries, extra=0):
    """Entries of a memory map; each with `extra` bytes behind it, which its size counts."""
    return b"".join(
        struct.pack("<IQQI", 20 + extra, base, length, kind) + b"\xff" * extra
        for base, length, kind in entries
    )


def hand_over(
    machine,
    build,
    memory_map=None,
    modules=b"",
    count=0,
    cmdline=b"exit until=1",
    name=b"a loader",
    sizes=(640, 31 << 10),
):
    """Boots with an information structure of our own in the place of QEMU's; memory_map: the bytes
    of a map, None: there is none.
    """
    flags = (
        MEMORY
        | HAS_CMDLINE
        | HAS_NAME
        | (HAS_MAP if memory_map is not None else 0)
        | (HAS_MODULES if count else 0)
    )
    info = struct.pack(
        "<12I", flags, *sizes, 0, CMDLINE, count, MODULES, 0, 0, 0, 0, len(memory_map or b"")
    )
    info += struct.pack("<5I", MAP, 0, 0, 0, NAME)
    with Boot(machine, build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        for address, data in [
            (INFO, info),
            (CMDLINE, cmdline + b"\0"),
            (NAME, name + b"\0"),
            (MAP, memory_map),
            (MODULES, modules),
        ]:
            if data:
                gdb.write(address, data)
        gdb.set_register(EBX, INFO)
        gdb.resume()
        boot.status = boot.wait_for_exit()
        boot.final_report = boot.report(f"status {boot.status}")
    assert boot.status == PASS, boot.final_report
    return boot


def told(boot):
    """Bytes of RAM, ranges, modules, loader."""
    found = STEP_1.search(boot.text)
    assert found, boot.final_report
    assert int(found[1]) == int(found[2]) >> 20, boot.final_report
    return int(found[2]), int(found[3]), int(found[4]), found[5]


# Entries of the map; bytes of RAM and ranges that there are.
MAPS = {
    "plain": ([(0, 640 << 10, RAM), (MIB, 31 * MIB, RAM)], (640 << 10) + 31 * MIB, 2),
    "descending": ([(MIB, 31 * MIB, RAM), (0, 640 << 10, RAM)], (640 << 10) + 31 * MIB, 2),
    "touching": ([(MIB, 15 * MIB, RAM), (16 * MIB, 16 * MIB, RAM)], 31 * MIB, 1),
    "overlapping": (
        [(MIB, 20 * MIB, RAM), (16 * MIB, 16 * MIB, RAM), (2 * MIB, MIB, RAM)],
        31 * MIB,
        1,
    ),
    "reserved inside": ([(MIB, 31 * MIB, RAM), (24 * MIB, MIB, RESERVED)], 30 * MIB, 2),
    "reserved first": ([(24 * MIB, MIB, RESERVED), (MIB, 31 * MIB, RAM)], 30 * MIB, 2),
    "reserved over two": (
        [(MIB, 15 * MIB, RAM), (17 * MIB, 15 * MIB, RAM), (15 * MIB, 3 * MIB, RESERVED)],
        28 * MIB,
        2,
    ),
    "tables of ACPI": (
        [(MIB, 31 * MIB, RAM), (30 * MIB, MIB, ACPI), (31 * MIB, MIB, NVS)],
        29 * MIB,
        1,
    ),
    "unknown type": ([(MIB, 31 * MIB, RAM), (30 * MIB, 2 * MIB, 77)], 29 * MIB, 1),
    "empty entries": (
        [(MIB, 31 * MIB, RAM), (64 * MIB, 0, RAM), (20 * MIB, 0, RESERVED)],
        31 * MIB,
        1,
    ),
    "past 64 bits": (
        [(MIB, 31 * MIB, RAM), (0xFFFFFFFFFF000000, 0x2000000, RESERVED)],
        31 * MIB,
        1,
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_memory_map(name, build):
    entries, total, ranges = MAPS[name]
    boot = hand_over(Machine(), build, map_bytes(entries))
    assert told(boot)[:2] == (total, ranges), boot.final_report


def test_longer_entries(build):
    """An entry's size counts the bytes behind itself, of which there may be more than the kernel
    knows.
    """
    entries, total, ranges = MAPS["reserved inside"]
    boot = hand_over(Machine("pae"), build, map_bytes(entries, extra=4))
    assert told(boot)[:2] == (total, ranges), boot.final_report


def test_nonsense_in_the_map(build):
    """What stands before it counts."""
    entries = [(0, 640 << 10, RAM), (MIB, 31 * MIB, RAM)]
    boot = hand_over(
        Machine(), build, map_bytes(entries) + struct.pack("<IQQI", 3, 64 * MIB, MIB, RAM)
    )
    assert told(boot)[0] == (640 << 10) + 31 * MIB, boot.final_report
    assert re.search(r"^memory map: nonsense from entry 2 ", boot.text, re.M), boot.final_report


def test_sizes_instead_of_a_map(build):
    boot = hand_over(Machine(), build, None)
    assert told(boot)[0] == (640 << 10) + 31 * MIB, boot.final_report
    assert lines.NO_MEMORY_MAP.search(boot.text), boot.final_report
    boot = hand_over(Machine(), build, b"", sizes=(512, 20 << 10))
    assert told(boot)[0] == (512 << 10) + 20 * MIB, boot.final_report


PLAIN_MAP = map_bytes([(0, 640 << 10, RAM), (MIB, 31 * MIB, RAM)])


def test_words_of_the_command_line(build):
    """QEMU puts the kernel's file name first, other loaders do not; blanks before it are none of
    its words.
    """
    boot = hand_over(Machine(), build, PLAIN_MAP, cmdline=b"  until=1 exit bogus", name=b"GRUB 2")
    assert lines.ignored("bogus").search(boot.text) and not lines.ignored("until=1").search(
        boot.text
    ), boot.final_report
    assert told(boot)[3] == "GRUB 2", boot.final_report
    boot = hand_over(
        Machine(), build, PLAIN_MAP, cmdline=b"  /boot/tarn.elf   until=1 exit bogus", name=b"qemu"
    )
    assert lines.ignored("bogus").search(boot.text) and not lines.ignored("/boot/tarn.elf").search(
        boot.text
    ), boot.final_report


def test_modules(build):
    """The entry of a module whose end is not above its start is named, and none of those that
    count.
    """
    modules = [
        (16 * MIB, 16 * MIB + 5000, 0, 0),
        (17 * MIB, 17 * MIB, 0, 0),
        (18 * MIB, 18 * MIB - 1, 0, 0),
        (19 * MIB, 19 * MIB + 1, 0, 0),
    ]
    boot = hand_over(
        Machine(),
        build,
        PLAIN_MAP,
        b"".join(struct.pack("<4I", *module) for module in modules),
        len(modules),
    )
    assert told(boot)[2] == 2, boot.final_report
    assert len(re.findall(r"^boot module [12]: ", boot.text, re.M)) == 2, boot.final_report
