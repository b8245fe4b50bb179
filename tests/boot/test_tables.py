"""Firmware tables put together by the test, in the place of QEMU's: entries that QEMU's own never
have.
"""

import re
import struct

import pytest

import acpi
import lines
from gdb import Gdb, elf_entry
from qemu import PASS, Boot, Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

# Behind QEMU's tables, in the memory that it reserves for them.
ROOM = 0x2000
XSDT_ROOM = 0x3000
IOAPIC = 0xFEC00000


def boot_with(machine, build, prepare):
    machine.append = f"exit {machine.append}".strip()
    with Boot(machine, build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        prepare(gdb)
        gdb.resume()
        boot.status = boot.wait_for_exit()
        boot.final_report = boot.report(f"status {boot.status}")
    assert boot.status == PASS, boot.final_report
    return boot


def with_checksum(data, at):
    """The bytes, with that at `at` such that the sum is 0."""
    block = bytearray(data)
    block[at] = 0
    block[at] = -sum(block) & 0xFF
    return bytes(block)


def table(gdb, like, body):
    """A table with the head of the one at `like`."""
    head = bytearray(gdb.read(like, acpi.HEADER))
    struct.pack_into("<I", head, 4, len(head) + len(body))
    return with_checksum(bytes(head) + body, 9)


def lapic(apic_id, flags):
    return struct.pack("<BBBBI", 0, 8, apic_id, apic_id, flags)


def x2apic(apic_id, flags):
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, apic_id)


def ioapic(number, address, base):
    return struct.pack("<BBBBII", 1, 12, number, 0, address, base)


def override(irq, line, flags):
    return struct.pack("<BBBBIH", 2, 10, 0, irq, line, flags)


def replace_madt(gdb, entries):
    """Puts one with these entries into the list of tables; the address of the list."""
    rsdt = gdb.read_u32(acpi.find_rsdp(gdb) + 16)
    madt, _ = acpi.find_table(gdb, b"APIC")
    gdb.write(rsdt + ROOM, table(gdb, madt, gdb.read(madt + acpi.HEADER, 8) + b"".join(entries)))
    for offset in range(acpi.HEADER, gdb.read_u32(rsdt + 4), 4):
        if gdb.read_u32(rsdt + offset) == madt:
            acpi.patch_table(gdb, rsdt, offset, struct.pack("<I", rsdt + ROOM))
    return rsdt


@BOTH
def test_entries_that_do_not_count(kernel, build):
    """CPUs that are not enabled, an entry that is too short, an interrupt that ISA does not
    have.
    """
    entries = [
        lapic(0, 1),
        lapic(5, 0),
        lapic(6, 2),
        x2apic(1, 1),
        x2apic(7, 0),
        b"\0\4\1\1",
        ioapic(0, IOAPIC, 0),
        override(0, 2, 0),
        override(5, 21, 0xF),
        override(16, 3, 0),
    ]
    boot = boot_with(
        Machine(kernel, smp="2", append="selftest=smp"),
        build,
        lambda gdb: replace_madt(gdb, entries),
    )
    assert lines.CPUS.search(boot.text).groups() == ("2", "2", "ACPI MADT"), boot.final_report
    assert re.search(r"^ACPI: MADT .*too short, ignored$", boot.text, re.M), boot.final_report
    assert re.search(
        r"^topology: .*ISA interrupt 16\b.*ignored$", boot.text, re.M
    ), boot.final_report


@BOTH
def test_ioapics_that_are_none(kernel, build):
    """One in RAM, one across a page's end, one where nothing answers; the one that is there is
    used.
    """
    entries = [
        lapic(0, 1),
        ioapic(1, 0x200000, 100),
        ioapic(2, 0xFEC03FF8, 200),
        ioapic(3, 0xFED80000, 300),
        ioapic(0, IOAPIC, 0),
        override(0, 2, 0),
    ]
    boot = boot_with(
        Machine(kernel, append="selftest=smp,apic"), build, lambda gdb: replace_madt(gdb, entries)
    )
    refused = set(
        re.findall(r"^I/O APIC (\d+) at 0x[0-9a-f]+.*(?:ignored|not used)", boot.text, re.M)
    )
    assert refused == {"1", "2", "3"}, boot.final_report
    assert re.search(r"^ok \d+ - apic\.lines$", boot.text, re.M), boot.final_report


def new_rsdp(gdb, rsdt, xsdt, extended_sum):
    """ACPI 2.0: a second half, with a checksum of its own."""
    address = acpi.find_rsdp(gdb)
    first = with_checksum(gdb.read(address, 15) + struct.pack("<BI", 2, rsdt), 8)
    whole = with_checksum(first + struct.pack("<IQB3s", 36, xsdt, 0, b""), 32)
    gdb.write(address, whole[:32] + bytes([(whole[32] + extended_sum) & 0xFF]) + whole[33:])


@BOTH
@pytest.mark.parametrize("extended_sum, cpus", [(0, "2"), (1, "1")], ids=["xsdt", "damaged"])
def test_xsdt(kernel, extended_sum, cpus, build):
    """The XSDT leads to QEMU's own MADT, the RSDT to one with one CPU: that counts where the second
    half is damaged.
    """

    def prepare(gdb):
        madt, _ = acpi.find_table(gdb, b"APIC")
        rsdt = replace_madt(gdb, [lapic(0, 1), ioapic(0, IOAPIC, 0), override(0, 2, 0)])
        xsdt = bytearray(table(gdb, rsdt, struct.pack("<Q", madt)))
        xsdt[:4] = b"XSDT"
        gdb.write(rsdt + XSDT_ROOM, with_checksum(xsdt, 9))
        new_rsdp(gdb, rsdt, rsdt + XSDT_ROOM, extended_sum)

    boot = boot_with(Machine(kernel, smp="2", append="selftest=smp.online"), build, prepare)
    assert lines.CPUS.search(boot.text).groups() == (cpus, cpus, "ACPI MADT"), boot.final_report
    assert ("extended checksum" in boot.text) == bool(extended_sum), boot.final_report


def find_mp_pointer(gdb):
    area = gdb.read(0xF0000, 0x10000)
    return 0xF0000 + next(
        offset for offset in range(0, len(area), 16) if area[offset : offset + 4] == b"_MP_"
    )


@BOTH
def test_default_configuration_of_the_mp_table(kernel, build):
    """Configuration 5 (MP Specification 1.4, 5): two CPUs, no table; the feature byte names an
    IMCR, which leads around the APIC.
    """

    def prepare(gdb):
        address = find_mp_pointer(gdb)
        pointer = gdb.read(address, 16)
        gdb.write(address, with_checksum(pointer[:11] + bytes([5, 0x80]) + pointer[13:], 10))

    boot = boot_with(
        Machine(kernel, smp="2", machine="pc,acpi=off", append="selftest=smp,apic"), build, prepare
    )
    assert lines.CPUS.search(boot.text).groups() == ("2", "2", "MP table"), boot.final_report


@BOTH
def test_damaged_mp_pointer(kernel, build):
    """Named and passed over; then there is no list at all, and one CPU."""

    def prepare(gdb):
        address = find_mp_pointer(gdb)
        gdb.write(address + 10, bytes([gdb.read(address + 10, 1)[0] ^ 0xFF]))

    boot = boot_with(
        Machine(kernel, smp="2", machine="pc,acpi=off", append="selftest=smp.online"),
        build,
        prepare,
    )
    assert re.search(r"^MP table: pointer .*ignored$", boot.text, re.M), boot.final_report
    assert lines.CPUS.search(boot.text).groups()[:2] == ("1", "1"), boot.final_report
