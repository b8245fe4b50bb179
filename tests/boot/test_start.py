"""The start of other CPUs: one that comes online just when the boot CPU has lost patience; what a
panic's report says.
"""

import re
import struct

import pytest

import lines
from gdb import Gdb, elf_entry, symbol
from qemu import FAIL, PASS, Boot, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
PAGE_OFFSET = 0xC0000000
TO_ITSELF = b"\xeb\xfe"  # jmp to the instruction itself


def stall(gdb, physical):
    """Whoever comes there goes in a circle; what stood there."""
    was = gdb.read(physical, len(TO_ITSELF))
    gdb.write(physical, TO_ITSELF)
    return was


@BOTH
def test_cpu_comes_at_the_moment_of_the_time_out(kernel, build):
    """CPU 1 is held up before it is online until the boot CPU has given it up, then goes on before
    it can be reset.

    The boot CPU's patience is cut short, by a smaller rate of the TSC, from which its waits are
    worked out."""
    with Boot(Machine(kernel, smp="3", append="exit selftest=smp,tlb"), build, paused=True) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        late = symbol(boot.elf, "smp_secondary_setup") - PAGE_OFFSET
        was = stall(gdb, late)
        gdb.run_to(symbol(boot.elf, "smp_start_cpu"))
        rate = symbol(boot.elf, "tsc_khz")
        khz = gdb.read_u32(rate)
        gdb.write(rate, struct.pack("<I", khz // 100))
        reset = symbol(boot.elf, "apic_send_init")
        gdb.run_to(reset)
        gdb.write(rate, struct.pack("<I", khz))
        reset_was = stall(gdb, reset)
        gdb.write(late + PAGE_OFFSET, was)
        gdb.go_on()
        while boot.halted() != [
            False,
            False,
        ]:  # CPU 1 for good, and CPU 2, not started yet; CPU 0 goes in a circle
            boot.check_limit("CPU 1 does not stop")
            online = symbol(boot.elf, "cpu_online_mask") - PAGE_OFFSET
            mask = struct.unpack("<I", boot.physical_memory(online, 4))[0]
            assert mask == 1, boot.report(f"CPUs online: {mask:#x}, but CPU 1 has been given up")
        gdb.interrupt()
        gdb.write(reset, reset_was)
        gdb.resume()
        status = boot.wait_for_exit()
        assert lines.CPUS.search(boot.text).groups()[:2] == ("2", "3"), boot.report("CPUs")
        assert re.search(
            r"^CPU 1 .*has started but does not come online$", boot.text, re.M
        ), boot.report("CPU 1")
        assert status in (PASS, FAIL), boot.report(
            f"status {status}"
        )  # smp.online rightly misses a CPU


@BOTH
@pytest.mark.parametrize("test, interrupts", [("crash.panic", True), ("crash.irqs_off", False)])
def test_panic_shows_the_flags_of_its_caller(kernel, test, interrupts, build):
    """Bit 9 of EFLAGS: interrupts were on."""
    boot = run(Machine(kernel, append=f"selftest={test}"), build)
    assert boot.status == FAIL, boot.final_report
    flags = int(lines.PANIC_EFLAGS.search(boot.text).group(1), 16)
    assert bool(flags & 1 << 9) == interrupts, boot.final_report
