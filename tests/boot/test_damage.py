"""Machines and boot data that are not as they should be: each gets its message, none a silent hang
or a reset.
"""

import struct

import pytest

import acpi
import lines
from gdb import EAX, EBX, Gdb, elf_entry
from patched import boot_patched
from qemu import FAIL, PASS, Boot, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


# ---- Firmware tables ----


def bad_rsdp_sum(gdb):
    address = acpi.find_rsdp(gdb)
    gdb.write(address + 8, bytes([gdb.read(address + 8, 1)[0] ^ 0xFF]))


def bad_madt_sum(gdb):
    address, _ = acpi.find_table(gdb, b"APIC")
    gdb.write(address + 9, bytes([gdb.read(address + 9, 1)[0] ^ 0xFF]))


def endless_madt_entry(gdb):
    """An entry of length 0: whoever adds it up never gets on."""
    address, _ = acpi.find_table(gdb, b"APIC")
    offset, _, _ = next(acpi.entries(gdb, address))
    acpi.patch_table(gdb, address, offset + 1, b"\0")


def madt_entry_past_the_end(gdb):
    address, _ = acpi.find_table(gdb, b"APIC")
    *_, (offset, _, _) = acpi.entries(gdb, address)
    acpi.patch_table(gdb, address, offset + 1, b"\xff")


def huge_rsdt(gdb):
    """A length of 4 GiB less 4."""
    rsdt = gdb.read_u32(acpi.find_rsdp(gdb) + 16)
    gdb.write(rsdt + 4, struct.pack("<I", 0xFFFFFFFC))


def rsdt_beyond_memory(gdb):
    rsdp = acpi.find_rsdp(gdb)
    block = bytearray(gdb.read(rsdp, 20))
    struct.pack_into("<I", block, 16, 0xDEAD0000)
    block[8] = (block[8] - sum(block)) & 0xFF
    gdb.write(rsdp, bytes(block))


# The damage, the table that the kernel must name, and what it must say of it.
DAMAGES = [
    (bad_rsdp_sum, "RSDP", "checksum"),
    (bad_madt_sum, "MADT", "checksum"),
    (endless_madt_entry, "MADT", "length 0"),
    (madt_entry_past_the_end, "MADT", "length 255"),
    (huge_rsdt, "RSDT", "length"),
    (rsdt_beyond_memory, "RSDT", "signature"),
]


@BOTH
@pytest.mark.parametrize(
    "damage, table, what", DAMAGES, ids=[damage.__name__ for damage, _, _ in DAMAGES]
)
def test_damaged_acpi_table(kernel, damage, table, what, build):
    """The table is named and passed over; the boot goes on with what is left, or with what the MP
    table says.
    """
    boot = boot_patched(Machine(kernel, smp="2,sockets=2", append="selftest=none"), build, damage)
    assert boot.status == PASS, boot.final_report
    assert lines.damaged(table, what).search(boot.text), boot.final_report
    assert lines.CPUS.search(boot.text), boot.final_report
    if table != "MADT" or what == "checksum":
        assert lines.CPUS.search(boot.text).groups() == ("2", "2", "MP table"), boot.final_report


@BOTH
def test_no_rsdp(kernel, build):
    """As under UEFI, where it lies elsewhere: said, since without it most machines show one CPU."""
    boot = boot_patched(
        Machine(kernel, smp="4", append="selftest=none"),
        build,
        lambda gdb: gdb.write(acpi.find_rsdp(gdb), b"XXX"),
    )
    assert boot.status == PASS, boot.final_report
    assert lines.NO_RSDP.search(boot.text), boot.final_report


def move_ioapic(address):
    """The MADT lists the I/O APIC (entry type 1) at `address`."""

    def damage(gdb):
        madt, _ = acpi.find_table(gdb, b"APIC")
        offset = next(offset for offset, kind, _ in acpi.entries(gdb, madt) if kind == 1)
        acpi.patch_table(gdb, madt, offset + 4, struct.pack("<I", address))

    return damage


@BOTH
@pytest.mark.parametrize(
    "address", [0xFEE00000, 0xA0000, 0xF0000, 0x100000, 0x200000, 0x8000, 0xFEC00FFC]
)
def test_ioapic_where_none_can_be(kernel, address, build):
    """Its first register would be written at once: in the local APIC, on the screen, in RAM.
    Refused instead.
    """
    boot = boot_patched(
        Machine(kernel, smp="2", append="selftest=none"), build, move_ioapic(address)
    )
    assert boot.status == PASS, boot.final_report
    assert [int(at, 16) for at, _ in lines.IMPOSSIBLE_ADDRESS.findall(boot.text)] == [
        address
    ], boot.final_report
    assert lines.CPUS.search(boot.text).group(1) == "2", boot.final_report


@pytest.mark.parametrize("address", [0xFEE0000000000000, 0x1000FEE00000, 0x400000, 0xB8000])
def test_local_apic_where_none_can_be(address, build):
    """An override of the local APIC's address (MADT entry type 5), on a CPU that has no register
    that says better.
    """

    def damage(gdb):
        madt, _ = acpi.find_table(gdb, b"APIC")
        offset = next(offset for offset, kind, _ in acpi.entries(gdb, madt) if kind == 1)
        acpi.patch_table(gdb, madt, offset, struct.pack("<BBHQ", 5, 12, 0, address))

    boot = boot_patched(Machine(cpu="pentium", append="selftest=none"), build, damage)
    assert boot.status == PASS, boot.final_report
    assert [int(at, 16) for at, _ in lines.IMPOSSIBLE_ADDRESS.findall(boot.text)] == [
        address
    ], boot.final_report
    assert "timer 100 Hz by local APICs" in boot.text, boot.final_report


@BOTH
def test_more_cpus_than_the_kernel_takes(kernel, build):
    """40 CPUs: 32 run, the line of step 7 counts all, and the first that is left out is named."""
    boot = run(Machine(kernel, smp="40", memory="256M", append="selftest=none maxcpus=3"), build)
    assert lines.CPUS.search(boot.text).group(1, 2) == ("3", "40"), boot.final_report
    assert "8 more CPUs left out, the first has APIC id 32" in boot.text, boot.final_report
    assert lines.NOT_ONLINE.search(boot.text).group(1).split() == [
        str(n) for n in range(3, 32)
    ], boot.final_report


# ---- Boot loader ----


@BOTH
def test_loader_is_not_multiboot(kernel, build):
    """There is no command line then, so no `exit` either: the machine stops."""
    with Boot(Machine(kernel), build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        gdb.set_register(EAX, 0x12345678)
        gdb.resume()
        boot.wait_for(lines.NOT_MULTIBOOT)
        while not boot.all_stopped():
            boot.check_limit("does not stop")


@BOTH
def test_no_memory_map(kernel, build):
    """Flag bit 6: there is a memory map (Multiboot 0.6.96, 3.3)."""

    def clear_flag(gdb):
        info = gdb.register(EBX)
        gdb.write(info, struct.pack("<I", gdb.read_u32(info) & ~(1 << 6)))

    boot = boot_patched(Machine(kernel), build, clear_flag)
    assert lines.NO_MEMORY_MAP.search(boot.text), boot.final_report


# ---- Machines that are too small or too old ----


@BOTH
@pytest.mark.parametrize("memory", ["3M", "4M"])
def test_too_little_memory(kernel, memory, build):
    boot = run(Machine(kernel, memory=memory), build)
    if boot.status == PASS:
        check_passed(boot)
    else:
        assert lines.NO_MEMORY.search(boot.text), boot.final_report


@BOTH
@pytest.mark.parametrize("memory", ["6M", "8M", "12M", "16M"])
def test_little_memory(kernel, memory, build):
    """A machine this small works, or is told why not."""
    boot = run(Machine(kernel, memory=memory, smp="2"), build)
    if boot.status == PASS:
        check_passed(boot)
    else:
        assert lines.NO_MEMORY.search(boot.text), boot.final_report


def check_stops(machine, message, build, exits=True):
    """The start-up code says why, then stops, so that the message stays on the screen; with `exit`
    it ends the machine.

    exits: the command line lies in RAM.
    """
    with Boot(machine, build) as boot:
        boot.wait_for(message)
        while not boot.all_stopped():
            boot.check_limit("does not stop")
    for append, ends in [
        ("exit", exits),
        ("loglevel=3 exit", exits),
        ("loglevel=3\texit", exits),
        ("exits noexit", False),
    ]:
        machine.append = append
        with Boot(machine, build) as boot:
            boot.wait_for(message)
            if ends:
                assert boot.wait_for_exit() == FAIL, boot.report(f"with {append}")
            while not ends and not boot.all_stopped():
                boot.check_limit("does not stop")


@pytest.mark.parametrize(
    "kernel, memory", [("2level", "1280K"), ("pae", "1280K"), ("2level", "2M")]
)
def test_no_ram_for_the_image(kernel, memory, build):
    """QEMU's loader puts the image where there is no RAM, and the command line behind it: the part
    that is there says so.
    """
    check_stops(Machine(kernel, memory=memory), lines.NO_MEMORY, build, exits=False)


@BOTH
def test_486(kernel, build):
    check_stops(Machine(kernel, cpu="486"), lines.OLD_CPU, build)


def test_pae_kernel_on_cpu_without_pae(build):
    check_stops(Machine("pae", cpu="pentium"), lines.NO_PAE, build)
