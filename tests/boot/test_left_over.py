"""What an earlier system may leave behind (Multiboot leaves it undefined): control bits, and
interrupt sources that still run.

Each machine is stopped at the kernel's entry; bits are set there, or a few instructions are run
that set devices up. """

import re
import struct

import pytest

import lines
from gdb import Gdb, elf_entry
from qemu import PASS, Boot, Machine, check_passed

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

CR0_CD_NW, CR0_AM, CR0_TS_EM_MP = 3 << 29, 1 << 18, 7 << 1
CR4_PAE, CR4_TSD_DE = 1 << 5, 3 << 2
EFER_LME = 1 << 8
EFLAGS_AC, EFLAGS_NT = 1 << 18, 1 << 14

# Local APIC (SDM vol. 3, table 10-1) and I/O APIC (82093AA): addresses, and what is written there.
LAPIC, IOAPIC = 0xFEE00000, 0xFEC00000
SVR, ICR_LOW, LVT_TIMER, LVT_THERMAL, TIMER_COUNT, TIMER_DIVIDE = (
    LAPIC + r for r in (0xF0, 0x300, 0x320, 0x330, 0x380, 0x3E0)
)
SVR_ENABLED, PERIODIC, TO_SELF, BY_16 = 0x1FF, 1 << 17, 1 << 18, 3
PIT_LINE = 2  # of the I/O APIC, on PCs

MIB = 1 << 20
CODE = 0x7000  # below the trampoline's page; nobody needs it yet


def store(address, value):
    """mov dword [address], value"""
    return b"\xc7\x05" + struct.pack("<II", address, value)


def jump(address):
    """mov ecx, address; jmp ecx (Multiboot leaves ecx to the kernel)"""
    return b"\xb9" + struct.pack("<I", address) + b"\xff\xe1"


def run_before(gdb, code):
    """The guest runs `code` before it enters the kernel."""
    gdb.write(CODE, code + jump(gdb.get_named("eip")))
    gdb.set_named("eip", CODE)


def stop_while_all_halt(boot):
    """All that is looked at afterwards is of one moment, in which no CPU handles an interrupt."""
    while True:
        boot.hmp("stop")
        if boot.halted() == [True] * boot.machine.cpus:
            return
        boot.hmp("cont")
        boot.check_limit("the CPUs do not halt")


def boot_after(machine, build, leave):
    """Boots with what leave(gdb) left behind, up to the closing line; the registers and the local
    APIC of CPU 0 then.
    """
    with Boot(machine, build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        leave(gdb)
        gdb.resume()
        boot.wait_for(lines.HOW_TO_LEAVE)
        check_passed(boot)
        stop_while_all_halt(boot)
        boot.registers = boot.hmp("info registers")
        boot.lapic = boot.hmp("info lapic")
        pics = boot.hmp("info pic")
        boot.pins = re.findall(r"^  pin (\d+) .* (?:edge|level) +(masked)?", pics, re.M)
        boot.pic_masks = re.findall(r"^pic\d: irr=\w+ imr=(\w+)", pics, re.M)
        boot.final_report = boot.report(boot.registers + boot.lapic)
    return boot


def register(boot, name):
    return int(re.search(rf"\b{name}=\s*([0-9a-f]+)", boot.registers)[1], 16)


def machine(kernel, **more):
    return Machine(
        kernel, cpu="max", memory="512M", append="selftest=protection,lib,smp,pkmap", **more
    )


@BOTH
def test_control_registers(kernel, build):
    def leave(gdb):
        gdb.set_named("cr4", CR4_PAE | CR4_TSD_DE)
        gdb.set_named("cr0", gdb.get_named("cr0") | CR0_CD_NW | CR0_AM | CR0_TS_EM_MP)
        gdb.set_named("eflags", gdb.get_named("eflags") | EFLAGS_AC | EFLAGS_NT)

    boot = boot_after(machine(kernel, smp="2"), build, leave)
    # PG, AM, WP, NE, ET, TS, MP, PE
    assert register(boot, "CR0") == 0x8005003B, boot.final_report
    assert bool(register(boot, "CR4") & CR4_PAE) == (kernel == "pae"), boot.final_report
    assert not register(boot, "CR4") & CR4_TSD_DE, boot.final_report
    assert not register(boot, "EFL") & (EFLAGS_AC | EFLAGS_NT), boot.final_report
    assert re.search(r"^LDT=0000 ", boot.registers, re.M), boot.final_report


@BOTH
def test_long_mode_enabled(kernel, build):
    """With EFER.LME left on, paging with PAE would be long mode."""

    def leave(gdb):
        gdb.set_named("efer", EFER_LME)

    boot = boot_after(machine(kernel, system="x86_64"), build, leave)
    assert not register(boot, "EFER") & EFER_LME, boot.final_report


def check_quiet(boot):
    """Nothing is left in service: it would hold back what has a lower vector, for ever."""
    assert re.search(r"^ISR\s+(.*?)\s*$", boot.lapic, re.M)[1] == "(none)", boot.final_report


@BOTH
@pytest.mark.parametrize(
    "vector", [0x1F, 0x21, 0x2F, 0x31, 0x40, 0x80, 0xEF, 0xF0, 0xF1, 0xF2, 0xFE]
)
def test_running_timer(kernel, vector, build):
    """The local APIC's timer runs, has one interrupt pending, and uses a vector that means
    something else to the kernel.
    """
    code = b"".join(
        [
            store(SVR, SVR_ENABLED),
            store(LVT_TIMER, PERIODIC | vector),
            store(TIMER_DIVIDE, BY_16),
            store(TIMER_COUNT, 1000),
            store(ICR_LOW, TO_SELF | vector),
        ]
    )
    boot = boot_after(machine(kernel), build, lambda gdb: run_before(gdb, code))
    check_quiet(boot)
    if vector > 0x1F:
        assert lines.unexpected(vector).search(boot.text) or vector < 0x30, boot.final_report


@BOTH
def test_other_local_sources(kernel, build):
    code = b"".join([store(SVR, SVR_ENABLED), store(LVT_THERMAL, 0x55)])
    boot = boot_after(machine(kernel), build, lambda gdb: run_before(gdb, code))
    assert re.search(r"^LVTTHMR\s+0x[0-9a-f]+ .*masked", boot.lapic, re.M), boot.final_report
    check_quiet(boot)


@BOTH
def test_open_io_apic_line(kernel, build):
    """The PIT's line is open, with a vector of the local APIC's timer, and a line that no test uses
    is too.
    """
    code = b"".join(
        [
            store(SVR, SVR_ENABLED),
            store(IOAPIC, 0x10 + 2 * PIT_LINE),
            store(IOAPIC + 0x10, 0xF0),
            store(IOAPIC, 0x10 + 2 * 19),
            store(IOAPIC + 0x10, 0x41),
        ]
    )
    boot = boot_after(machine(kernel), build, lambda gdb: run_before(gdb, code))
    check_quiet(boot)
    assert len(boot.pins) == 24 and all(
        masked for _, masked in boot.pins
    ), f"{boot.pins}\n{boot.final_report}"


@BOTH
def test_open_lines_of_the_8259(kernel, build):
    """An earlier system has left all lines of the pair open; beside an APIC none is used."""
    code = b"\x89\xc5\x30\xc0\xe6\x21\xe6\xa1\x89\xe8"  # keeps eax; al = 0 to both masks
    boot = boot_after(machine(kernel), build, lambda gdb: run_before(gdb, code))
    assert boot.pic_masks == ["ff", "ff"], boot.final_report


# Below 1 MiB, beside CODE: an interrupt table whose gates return at once, and the stack of what
# runs there.
TABLE, POINTER, RETURN, STACK = 0x10000, 0x6000, 0x6010, 0x9F000
GATE_PRESENT_32 = 0x8E00


def accept(vector):
    """Sends the vector to this CPU, with interrupts on for some instructions; it stays in
    service.
    """
    return (
        store(ICR_LOW, TO_SELF | vector) + b"\xfb" + b"\x90\xeb\x00" * 4 + b"\xfa"
    )  # sti; nop; jmp; cli


@BOTH
@pytest.mark.parametrize("vectors", [(0x31,), (0x31, 0x80), (0x40, 0x90, 0xEF)])
def test_interrupts_left_in_service(kernel, vectors, build):
    """Accepted before the kernel came, and never acknowledged: each is, the highest first."""

    def leave(gdb):
        selector = struct.unpack_from("<I", bytes.fromhex(gdb.ask("g")), 4 * 10)[0]
        gate = struct.pack("<HHHH", RETURN, selector, GATE_PRESENT_32, 0)
        for vector in vectors:
            gdb.write(TABLE + 8 * vector, gate)
        gdb.write(RETURN, b"\xcf")  # iret
        gdb.write(POINTER, struct.pack("<HI", 8 * 256 - 1, TABLE))
        code = [
            b"\x89\xc5\xb0\xff\xe6\x21\xe6\xa1\x89\xe8",  # keeps eax, masks the 8259 pair
            b"\xbc" + struct.pack("<I", STACK),
            b"\x0f\x01\x1d" + struct.pack("<I", POINTER),
            store(SVR, SVR_ENABLED),
        ]
        run_before(gdb, b"".join(code + [accept(vector) for vector in vectors]))
        gdb.run_to(elf_entry(gdb.boot.elf))
        left = re.search(r"^ISR\s+(.*?)\s*$", gdb.boot.hmp("info lapic"), re.M)[1]
        assert sorted(map(int, left.split())) == sorted(
            vectors
        ), f"in service before the kernel: {left}"

    check_quiet(boot_after(machine(kernel), build, leave))


@BOTH
def test_line_open_as_nmi(kernel, build):
    """The PIT's line arrives as NMI, which no cli holds back, until the kernel knows the I/O APIC.

    Nothing can answer one before there is an IDT: time is counted in instructions, so that the
    first comes behind it on every host."""
    # out 0x43, 0x34; out 0x40, 0xa9; out 0x40, 4: the PIT counts 1 kHz
    fast = (
        b"\x89\xc5"
        + b"".join(
            b"\xb0" + bytes([value]) + b"\xe6" + bytes([port])
            for port, value in ((0x43, 0x34), (0x40, 0xA9), (0x40, 0x04))
        )
        + b"\x89\xe8"
    )
    code = fast + b"".join(
        [store(SVR, SVR_ENABLED), store(IOAPIC, 0x10 + 2 * PIT_LINE), store(IOAPIC + 0x10, 4 << 8)]
    )
    counted = machine(kernel, extra=["-icount", "shift=0,sleep=off"])
    boot = boot_after(counted, build, lambda gdb: run_before(gdb, code))
    check_quiet(boot)
    assert lines.EARLY_NMIS.search(boot.text), boot.final_report


@BOTH
def test_local_apic_at_the_kernels_address(kernel, build):
    """IA32_APIC_BASE (MSR 0x1B) says 1 MiB: nothing is written there, and the boot goes on without
    the local APIC.
    """
    # mov edi, eax; mov ecx, 0x1b; mov eax, value; xor edx, edx; wrmsr; mov eax, edi
    write_msr = (
        b"\x89\xc7\xb9\x1b\0\0\0\xb8" + struct.pack("<I", MIB | 0x900) + b"\x31\xd2\x0f\x30\x89\xf8"
    )
    boot = boot_after(machine(kernel), build, lambda gdb: run_before(gdb, write_msr))
    assert (
        lines.NO_APIC.search(boot.text).group(1) == "its address is the kernel's or the firmware's"
    ), boot.final_report
