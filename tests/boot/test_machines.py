"""The self-test passes on every kind of machine that Tarn is for, all CPUs come up, and all RAM is
accounted for.
"""

import pytest

import lines
from qemu import PASS, Boot, Machine, check_passed, have_grub, run

MACHINES = [
    Machine("2level", "iso", "3G", "4"),
    Machine("pae", "iso", "3G", "4"),
    Machine("pae", "iso", "6G", "4", machine="q35", cpu="max"),
    Machine("2level", memory="32M"),
    Machine("pae", memory="32M", cpu="pentium2"),
    Machine("2level", memory="64M", cpu="pentium"),
    Machine("2level", memory="256M", smp="8"),
    Machine("pae", memory="1G", smp="8", cpu="max"),
    Machine("2level", memory="3G", smp="2", machine="q35", cpu="max"),
    Machine("pae", memory="6G", smp="4", machine="q35", cpu="max"),
    Machine("2level", memory="2G", smp="4", append="nolarge"),
    Machine("pae", memory="2G", smp="4", append="nolarge"),
    Machine("2level", memory="64M", smp="2", append="highmem=32M"),
    Machine("pae", memory="64M", smp="2", append="lowmem=32M"),
    Machine("2level", memory="1G", smp="4", poison=True),
    Machine("pae", memory="1G", smp="4", poison=True),
    Machine("2level", memory="3G", smp="4", cpu="max", debug=True),
    Machine("pae", memory="3G", smp="4", cpu="max", debug=True),
    Machine("2level", memory="64M", cpu="pentium", append="highmem=32M", debug=True),
    Machine("pae", "iso", "6G", "2", machine="q35", append="nolarge", debug=True),
]


def check_cpus(boot, expected, source=None):
    found = lines.CPUS.search(boot.text)
    assert found, boot.final_report
    online, listed, by = found.groups()
    assert (int(online), int(listed)) == (expected, expected), boot.final_report
    assert source is None or source in by, boot.final_report


def reach(machine):
    """Physical addresses from here on are out of reach.  QEMU's default CPU has PAE, but 32 bits of
    address alone.
    """
    return 64 << 30 if machine.kernel == "pae" and machine.cpu == "max" else 4 << 30


def check_memory(boot):
    """The kernel's total is the firmware's, but for pages that are RAM in part only; so are the
    ranges that it reaches.
    """
    found = lines.MEMORY.search(boot.text)
    assert found, boot.final_report
    mib, total, ranges = map(int, found.groups())
    reported = sum(end - start for start, end in boot.ram)
    assert abs(total - reported) < 2 * 4096 * len(
        boot.ram
    ), f"firmware: {reported}\n{boot.final_report}"
    within = [start for start, _ in boot.ram if start < reach(boot.machine)]
    assert mib == total >> 20 and ranges == len(within), boot.final_report


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_self_test_passes(machine, build):
    if machine.loader == "iso" and not have_grub():
        pytest.skip("no GRUB for the PC on this machine")
    boot = run(machine, build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    check_cpus(boot, machine.cpus)
    check_memory(boot)


@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_nothing_is_skipped_where_all_is_there(kernel, build):
    """On the machine of `make run` every test has what it needs; a test that skips itself there
    would prove nothing anywhere.  Time is counted in instructions: on a busy host timer interrupts
    push translations out of QEMU's TLB, and then no stale one is left to prove a flush with.
    """
    counted = ["-icount", "shift=0,sleep=off"]
    boot = run(Machine(kernel, memory="3G", smp="4", cpu="max", extra=counted), build)
    # highmem= is not given; this CPU has sysenter.
    skipped = check_passed(boot).skipped
    assert skipped == ["zones.highmem_option", "user.no_sysenter"], boot.final_report


@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_mp_table(kernel, build):
    """Without ACPI the CPUs come from the MP table, which lists one CPU for each socket."""
    boot = run(Machine(kernel, smp="4,sockets=4", machine="pc,acpi=off"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    check_cpus(boot, 4, "MP table")


@pytest.mark.parametrize("kernel, cpu", [("2level", "pentium,-apic"), ("pae", "pentium2,-apic")])
def test_no_apic(kernel, cpu, build):
    boot = run(Machine(kernel, cpu=cpu), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    check_cpus(boot, 1)


def test_fewer_cpus_wanted(build):
    boot = run(Machine(smp="4", append="maxcpus=2"), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert lines.CPUS.search(boot.text).group(1) == "2", boot.final_report


@pytest.mark.parametrize("kernel, cpu", [("2level", "max"), ("pae", "")])
def test_memory_out_of_reach_is_named(kernel, cpu, build):
    """q35 puts a third of 3 GiB above 4 GiB, out of reach for 32-bit entries and for a CPU with 32
    bits of address.
    """
    boot = run(Machine(kernel, memory="3G", machine="q35", cpu=cpu, append="selftest=none"), build)
    above = sum(end - start for start, end in boot.ram if start >= reach(boot.machine))
    assert above == 1 << 30
    told = lines.UNREACHABLE.search(boot.text)
    assert told and int(told.group(2)) == above >> 20, boot.final_report


@pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")
def test_iso_starts_by_itself(build):
    """The ISO as `make` leaves it: the first entry after one second, the self-test, then idle."""
    with Boot(Machine("2level", "iso", "3G", "4"), build, iso=build / "tarn.iso") as boot:
        boot.wait_for(lines.CLOSING)
        check_passed(boot)
        assert int(lines.CPUS.search(boot.text).group(1)) == 4, boot.report("CPUs")


def test_screen_shows_the_same(build):
    """The VGA text screen ends as the serial line does (compared without blanks, since long lines
    wrap).
    """
    with Boot(Machine(), build) as boot:
        boot.wait_for(lines.HOW_TO_LEAVE)
        while boot.halted() != [True]:
            boot.check_limit("the CPU does not halt")
        cells = boot.physical_memory(0xB8000, 80 * 25 * 2)[::2].decode("cp437").replace("\0", " ")
        rows = [cells[row * 80 : row * 80 + 80] for row in range(25)]
        screen = "".join("".join(rows).split())
        assert len(screen) > 100, boot.report("the screen is empty")
        assert "".join(boot.text.split()).endswith(screen), boot.report(
            "screen:\n" + "\n".join(rows)
        )
