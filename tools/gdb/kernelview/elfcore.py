"""Memory dumps as QEMU's dump-guest-memory writes them: ELF core files whose segments name physical
addresses, with QEMU's own notes about each CPU (System V ABI, chapter 5; QEMU: include/elf.h,
target/i386/arch_dump.c)."""

import struct
from dataclasses import dataclass

PT_LOAD, PT_NOTE = 1, 4
SEGMENT_NAMES = ["cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt"]


@dataclass
class Segment:
    kind: int
    offset: int
    physical: int
    size: int


def program_header(data, is64):
    if is64:
        kind, _, offset, _, physical, size = struct.unpack_from("<IIQQQQ", data)
    else:
        kind, offset, _, physical, size = struct.unpack_from("<IIIII", data)
    return Segment(kind, offset, physical, size)


class Core:
    def __init__(self, path):
        self.file = open(path, "rb")
        head = self.file.read(64)
        if head[:4] != b"\x7fELF":
            raise ValueError(f"{path} is no ELF file")
        is64 = head[4] == 2
        (first,) = struct.unpack_from("<Q" if is64 else "<I", head, 32 if is64 else 28)
        size, count = struct.unpack_from("<HH", head, 54 if is64 else 42)
        self.file.seek(first)
        segments = [program_header(self.file.read(size), is64) for _ in range(count)]
        self.loads = [segment for segment in segments if segment.kind == PT_LOAD]
        self.notes = [
            note for segment in segments if segment.kind == PT_NOTE for note in self._notes(segment)
        ]

    def _notes(self, segment):
        self.file.seek(segment.offset)
        data, at = self.file.read(segment.size), 0
        while at + 12 <= len(data):
            name_size, size, kind = struct.unpack_from("<III", data, at)
            name = data[at + 12 : at + 12 + name_size].rstrip(b"\0")
            at += 12 + (name_size + 3 & ~3)
            yield name, kind, data[at : at + size]
            at += size + 3 & ~3

    def read(self, address, size):
        """Physical memory, or None if the dump does not hold all of it."""
        data = b""
        while len(data) < size:
            at = address + len(data)
            segment = next((s for s in self.loads if s.physical <= at < s.physical + s.size), None)
            if not segment:
                return None
            self.file.seek(segment.offset + at - segment.physical)
            data += self.file.read(min(size - len(data), segment.physical + segment.size - at))
        return data

    def cpus(self):
        """Registers of each CPU, by name, in QEMU's order."""
        return [cpu_state(data) for name, _, data in self.notes if name == b"QEMU"]


def cpu_state(data):
    """QEMU's note: version, size, 16 general registers, ip, flags, 10 segments (selector, limit,
    flags, pad, base), cr0 to cr4."""
    general = struct.unpack_from("<18Q", data, 8)
    state = dict(zip(["eax", "ebx", "ecx", "edx", "esi", "edi", "esp", "ebp"], general))
    state |= {"eip": general[16], "eflags": general[17]}
    for n, name in enumerate(SEGMENT_NAMES):
        state[name + "_base"] = struct.unpack_from("<Q", data, 8 + 18 * 8 + n * 24 + 16)[0]
    state |= {
        f"cr{n}": value
        for n, value in enumerate(struct.unpack_from("<5Q", data, 8 + 18 * 8 + 10 * 24))
    }
    return state
