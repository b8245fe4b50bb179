"""Memory maps, modules and command lines that no ordinary loader gives: what is lost is said, what
is known wins.
"""

import re
import struct

import pytest

import lines
from gdb import EBX
from patched import RESERVED, boot_patched, command_line, memory_map
from qemu import FAIL, PASS, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])

PAGE, KIB, MIB = 4096, 1 << 10, 1 << 20
BASE = (0, 639 * KIB)


def small_ranges(number, start=4 * MIB, size=PAGE):
    """Ranges of `size` bytes, each followed by a hole of a page."""
    step = (size + 2 * PAGE - 1) // PAGE * PAGE
    return [(start + n * step, start + n * step + size) for n in range(number)]


def boot_with_map(
    kernel, ranges, build, memory="128M", smp="1", append="selftest=bootmem,zones,buddy"
):
    boot = boot_patched(
        Machine(kernel, memory=memory, smp=smp, append=append), build, memory_map(*ranges)
    )
    assert boot.status == PASS, boot.final_report
    return boot


# ---- Memory maps ----


@BOTH
@pytest.mark.parametrize("number", [60, 61, 62, 70, 130, 300])
def test_small_ranges_before_a_large_one(kernel, number, build):
    """The table of ranges has room for 64: the smallest go, and are counted; the large one at the
    end stays.
    """
    boot = boot_with_map(
        kernel, [BASE, (MIB, 3 * MIB)] + small_ranges(number) + [(64 * MIB, 964 * MIB)], build, "1G"
    )
    check_passed(boot)
    lost = max(0, number + 3 - 64)
    mib, total, ranges = map(int, lines.MEMORY.search(boot.text).groups())
    assert (
        mib >= 902 and total == 639 * KIB + 2 * MIB + number * PAGE + 900 * MIB
    ), boot.final_report
    assert ranges == number + 3 - lost, boot.final_report
    told = lines.RANGES_LEFT_OUT.search(boot.text)
    assert (told and (int(told.group(1)), int(told.group(2)))) == (
        (lost, 4 * lost) if lost else None
    ), boot.final_report
    assert sum(map(int, lines.LOW_AND_HIGH.search(boot.text).groups())) >= 901, boot.final_report


@BOTH
@pytest.mark.parametrize("option", ["lowmem=190M", "highmem=700M"])
def test_options_that_mem_map_makes_impossible_are_ignored(kernel, option, build):
    """Little low memory, spread over a long way, cannot hold a mem_map that reaches so far: less
    than the minimum would be left.

    The PAE kernel is smaller until step 6, and just has enough.
    """
    pieces = [(4 * MIB + n * 9 * MIB, 4 * MIB + n * 9 * MIB + 512 * KIB) for n in range(20)]
    ranges = [BASE, (MIB, 2 * MIB + 600 * KIB), *pieces, (200 * MIB, 900 * MIB)]
    boot = boot_with_map(kernel, ranges, build, "1G", append=f"selftest=zones,bootmem {option}")
    check_passed(boot)
    ignored = re.search(
        rf"^memory: {option.split('=')[0]}=\d+K leaves .*: ignored$", boot.text, re.M
    )
    assert ignored or kernel == "pae", boot.final_report


@BOTH
def test_pieces_of_pages(kernel, build):
    """RAM in pieces below a page cannot be used; it is counted, so that the totals agree
    (bootmem.handover).
    """
    boot = boot_with_map(
        kernel, [BASE, (MIB, 64 * MIB + 100)] + small_ranges(100, 65 * MIB, PAGE - 1), build
    )
    assert "bootmem.handover" in " ".join(check_passed(boot).passed), boot.final_report


@BOTH
@pytest.mark.parametrize("hole", [(0x130000, 0x140000), (MIB, 0x110000), (MIB, 4 * MIB)])
def test_kernel_image_is_not_listed(kernel, hole, build):
    """GRUB's `cutmem 0x130000 0x140000` does this.  The image is there and runs, so it is RAM; and
    that is said.
    """
    ranges = [BASE, (MIB, hole[0]), (hole[1], 120 * MIB)]
    boot = boot_with_map(kernel, [(start, end) for start, end in ranges if start < end], build)
    check_passed(boot)
    assert lines.KERNEL_NOT_LISTED.search(boot.text), boot.final_report


@BOTH
def test_trampoline_is_not_listed(kernel, build):
    """Without the page at 0x8000 no other CPU can start: one runs, and the listed ones are
    counted.
    """
    boot = boot_with_map(
        kernel, [(0, 0x8000), (0x9000, 639 * KIB), (MIB, 120 * MIB)], build, smp="4"
    )
    check_passed(boot)
    assert lines.CPUS.search(boot.text).group(1, 2) == ("1", "4"), boot.final_report
    assert lines.NO_TRAMPOLINE.search(boot.text), boot.final_report


@BOTH
def test_known_places_listed_as_ram(kernel, build):
    """The screen, the BIOS and the local APIC are no RAM, whatever the map says."""
    boot = boot_with_map(kernel, [(0, 500 * MIB), (0xFEE00000, 0xFEE01000)], build, "512M")
    check_passed(boot)
    places = [
        (int(match.group(1), 16), int(match.group(2), 16))
        for match in lines.NOT_BELIEVED.finditer(boot.text)
    ]
    assert places == [(0xA0000, 0x100000), (0xFEE00000, 0xFEE01000)], boot.final_report
    assert int(lines.MEMORY.search(boot.text).group(2)) == 500 * MIB - 384 * KIB, boot.final_report


# ---- What fits where ----

# Machines on which low memory is short, in pieces, or full; and what must be said of them.
TIGHT = [
    Machine("2level", memory="4G", cpu="max", machine="pc,max-ram-below-4g=32M"),
    Machine("pae", memory="4G", cpu="max", machine="pc,max-ram-below-4g=32M"),
    Machine("2level", memory="128M", append="highmem=4K"),
    Machine("pae", memory="128M", append="highmem=4K"),
    Machine("2level", memory="128M", smp="2", append="highmem=40K"),
]


@pytest.mark.parametrize("machine", TIGHT, ids=str)
def test_little_to_share(machine, build):
    boot = run(machine, build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)


@BOTH
def test_mem_map_ends_with_ram(kernel, build):
    """RAM to 32 MiB, and again from 4 GiB on, where mem_map does not reach: it describes nothing
    beyond the 32 MiB.
    """
    boot = run(
        Machine(
            kernel,
            memory="4G",
            cpu="max",
            machine="pc,max-ram-below-4g=32M",
            append="until=6 selftest=none",
        ),
        build,
    )
    frames = int(lines.MEM_MAP.search(boot.text).group(1)) * KIB // 32
    assert 30 * MIB < frames * PAGE <= 32 * MIB, boot.final_report


@BOTH
def test_low_memory_in_pieces(kernel, build):
    """33 MiB of low memory, the longest run 3 MiB: mem_map, which needs one run, takes no more, and
    that is said.
    """
    ranges = [BASE, (MIB, 4 * MIB)] + small_ranges(30, 5 * MIB, MIB) + [(1024 * MIB, 2000 * MIB)]
    boot = boot_with_map(kernel, ranges, build, "2G")
    check_passed(boot)
    assert int(lines.MEM_MAP.search(boot.text).group(1)) <= 3072, boot.final_report
    assert lines.MEM_MAP_CUT.search(boot.text), boot.final_report


def sparse_file(folder, mib):
    path = folder / f"module-{mib}"
    with open(path, "wb") as file:
        file.truncate(mib * MIB)
    return path


# (kernel, memory, module in MiB, command line, CPU)
LARGE_MODULES = [
    ("2level", "1G", 7, "lowmem=16M", ""),
    ("pae", "1G", 7, "lowmem=16M", ""),
    ("2level", "1G", 300, "nolarge", ""),
    ("pae", "1G", 300, "nolarge", ""),
    ("2level", "1G", 300, "", "pentium,pse=off"),
]


@pytest.mark.parametrize("kernel, memory, mib, append, cpu", LARGE_MODULES)
def test_large_module(kernel, memory, mib, append, cpu, build, tmp_path):
    """A module that fills much of low memory leaves room for page tables and mem_map."""
    module = sparse_file(tmp_path, mib)
    boot = run(
        Machine(kernel, memory=memory, cpu=cpu, append=append, extra=["-initrd", str(module)]),
        build,
    )
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert lines.module(0).search(boot.text).group(1) == str(mib * MIB), boot.final_report


def test_60_gib_and_a_large_module(build, tmp_path):
    """QEMU reserves addresses alone (reserve=off): the guest touches little of it."""
    backend = [
        "-object",
        "memory-backend-ram,id=ram,size=60G,reserve=off",
        "-initrd",
        str(sparse_file(tmp_path, 460)),
    ]
    boot = run(
        Machine("pae", memory="60G", cpu="max", machine="pc,memory-backend=ram", extra=backend),
        build,
    )
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert lines.MEM_MAP_CUT.search(boot.text), boot.final_report


@BOTH
def test_module_fills_low_memory(kernel, build, tmp_path):
    """Where nothing is left for the kernel, the message says what has taken it."""
    boot = run(
        Machine(kernel, memory="16M", extra=["-initrd", str(sparse_file(tmp_path, 12))]), build
    )
    assert re.search(r"too little memory:.*boot modules 12288 KiB", boot.text), boot.final_report


@BOTH
def test_too_many_modules(kernel, build, tmp_path):
    """Twenty files: sixteen are taken; the others' number and size are said."""
    files = [tmp_path / f"file{n}" for n in range(20)]
    for n, file in enumerate(files):
        file.write_bytes(bytes(1024 * (n + 1)))
    boot = run(
        Machine(kernel, append="selftest=bootmem", extra=["-initrd", ",".join(map(str, files))]),
        build,
    )
    assert boot.status == PASS, boot.final_report
    told = lines.MODULES_LEFT_OUT.search(boot.text)
    assert told and tuple(map(int, told.groups())) == (
        20,
        16,
        4,
        17 + 18 + 19 + 20,
    ), boot.final_report
    assert lines.module(15).search(boot.text) and not lines.module(16).search(
        boot.text
    ), boot.final_report


# ---- The command line ----


@pytest.mark.parametrize("loader", ["SYSLINUX 6.04", "GRUB 2.06", "qemu"])
@pytest.mark.parametrize(
    "name", ["/boot/tarn.elf", "tarn.elf", "(hd0,1)/x/tarn", "/my folder/tarn.elf", ""]
)
def test_first_word_is_the_file(loader, name, build):
    """Whether the loader puts the file's name in front is told by the word, not by the loader's
    name.
    """
    boot = boot_patched(Machine(), build, command_line(f"{name} selftest=none exit", loader))
    assert boot.status == PASS, boot.final_report
    assert not lines.TAP_RESULT.search(boot.text) and "ignored" not in boot.text, boot.final_report


@pytest.mark.parametrize("first", ["bogus", "lowmem=a/b", "highmem=1.5G"])
def test_first_word_is_an_option(first, build):
    boot = boot_patched(Machine(), build, command_line(f"{first} selftest=none exit", "qemu"))
    assert boot.status == PASS, boot.final_report
    assert lines.ignored(first).search(boot.text), boot.final_report


def test_half_a_word_is_no_option(build):
    """1023 characters fit.  The word that is cut there would read lowmem=1, and be wrong; it goes
    as a whole.
    """
    start = "selftest=none exit "
    text = start + "x" * (1023 - len(start) - len(" lowmem=1")) + " lowmem=100M loglevel=3"
    boot = boot_patched(Machine(), build, command_line(text))
    assert boot.status == PASS, boot.final_report
    assert "lowmem" not in boot.text, boot.final_report
    lost = len("lowmem=100M loglevel=3")
    assert lines.COMMAND_LINE_LOST.search(boot.text).group(1) == str(lost), boot.final_report


def test_word_that_is_too_long(build):
    boot = run(Machine(append="selftest=none lowmem=" + "0" * 700 + "64M"), build)
    assert boot.status == PASS, boot.final_report
    assert re.search(
        r"^command line: word of 710 characters ignored.*lowmem", boot.text, re.M
    ), boot.final_report


@BOTH
def test_a_length_beyond_64_bits_ends_there(kernel, build):
    """Reserved from 64 MiB on, by a length that wraps: nothing from there on is RAM."""
    boot = boot_with_map(
        kernel, [BASE, (MIB, 128 * MIB), (64 * MIB, 64 * MIB + 2**64 - 1, RESERVED)], build
    )
    check_passed(boot)
    assert int(lines.MEMORY.search(boot.text).group(2)) == 639 * KIB + 63 * MIB, boot.final_report


# ---- exit ----


@BOTH
def test_exit_is_obeyed_before_the_memory_map_is_read(kernel, build):
    """Of the loader's structure only the command line is there (flag bit 2): a panic, but with its
    status.
    """

    def only_the_command_line(gdb):
        gdb.write(gdb.register(EBX), struct.pack("<I", 1 << 2))

    boot = boot_patched(Machine(kernel), build, only_the_command_line)
    assert boot.status == FAIL and lines.NO_MEMORY_MAP.search(boot.text), boot.final_report
