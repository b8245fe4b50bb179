"""The debugger's `tarn` commands: what they say is compared with what the kernel prints, what GDB
reads by itself, and what QEMU's own walk finds, in the same stop; on healthy kernels, on crashed
ones, on a dump, and before there is anything to see."""

import re
import struct
import xml.etree.ElementTree

import pytest

import lines
from debugger import Session, ask, broken, gdb, number
from qemu import Boot, Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
STUB = ["-gdb", "unix:{folder}/gdb,server=on,wait=off"]  # for a guest that runs
SLEEPER = {"memory": "128M", "smp": "4", "append": "selftest=tour.sleeper highmem=64M"}
ADDRESSES = ["0xc0100000", "0xc0800123", "0xfe003004", "&zones", "$esp", "0xfffff000-0x4000"]


def figures(text, first):
    """The numbers of the line that begins with a word."""
    line = next(line for line in text.splitlines() if line.startswith(first))
    return [int(word, 0) for word in line.split()[1:] if re.fullmatch(r"0x[0-9a-f]+|\d+", word)]


def listed(text, words):
    """The invariants that `tarn check` lists behind some words."""
    found = re.search(rf"^{words}: ([\d, ]+)$", text, re.M)
    return {int(number) for number in found[1].split(", ")} if found else set()


def covered(ranges):
    """Pairs of addresses, put together where one ends and the next begins."""
    merged = []
    for start, end in sorted(ranges):
        if merged and merged[-1][1] == start:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return merged


# ---- A healthy kernel ----

COMMANDS = [
    "tarn zones",
    "tarn buddy",
    "tarn pkmap all",
    "tarn maps",
    "tarn threads",
    "tarn cpus",
    "tarn tlb",
    "tarn quicklists",
    "tarn locks all",
    "tarn atomic",
    "tarn check",
    "tarn diff",
    "monitor info mem",
    "print pkmap_in_use",
    "print pkmap_slots",
    "print zones[0].free+zones[1].free+zones[2].free",
    "print kmap_stats.new_maps",
    "print ((struct tlb_stats *)((char *)&tlb_stats + percpu_offset[0]))->full_flushes",
    "print ((struct quicklist *)((char *)&pte_quicklist + percpu_offset[0]))->count",
]
WALKS = [
    command
    for a in ADDRESSES
    for command in (f"tarn translate {a}", f'eval "monitor gva2gpa %u", (unsigned)({a})')
]


@pytest.fixture(scope="module", params=["2level", "pae"])
def healthy(request, build):
    found = ask(Machine(request.param, **SLEEPER), build, COMMANDS + WALKS, "somebody_sleeps")
    found.text = found.boot.text
    return found


def test_zones_are_what_the_kernel_printed(healthy):
    printed = re.search(
        r"^\[6\] zones: DMA (\d+), NORMAL (\d+), HIGHMEM (\d+) pages", healthy.text, re.M
    )
    rows = [figures(healthy["tarn zones"], name) for name in ("DMA", "NORMAL", "HIGHMEM")]
    assert [row[2] for row in rows] == [int(word) for word in printed.groups()]
    assert sum(row[3] for row in rows) == number(
        healthy["print zones[0].free+zones[1].free+zones[2].free"]
    )
    assert all(managed == free + percpu + used for _, _, managed, free, percpu, used, *_ in rows)
    for name, row in zip(("DMA", "NORMAL", "HIGHMEM"), rows):
        blocks = figures(healthy["tarn buddy"], name)
        assert sum(count << order for order, count in enumerate(blocks)) == row[3]


def test_pool_is_what_the_kernel_counts(healthy):
    text = healthy["tarn pkmap all"]
    slots = number(healthy["print pkmap_slots"])
    assert f"{slots} slots: 0 free, 0 at 1 (wait for the flush), {slots} in use" in text
    assert (
        number(healthy["print pkmap_in_use"])
        == slots
        == len(re.findall(r"^  slot +\d+ at 0x", text, re.M))
    )
    assert f"{number(healthy['print kmap_stats.new_maps'])} new maps" in text
    assert "waits for a slot: thread sleeper" in text


@pytest.mark.parametrize("address", ADDRESSES)
def test_translation_is_qemus(healthy, address):
    answer = healthy[f'eval "monitor gva2gpa %u", (unsigned)({address})']
    theirs = re.search(r"gpa: (0x[0-9a-f]+)", answer)
    ours = re.search(r"-> physical (0x[0-9a-f]+)", healthy[f"tarn translate {address}"])
    assert (int(ours[1], 16) if ours else None) == (int(theirs[1], 16) if theirs else None), answer
    assert ours or "is not mapped" in healthy[f"tarn translate {address}"]


def test_maps_cover_what_qemu_finds(healthy):
    ours = re.findall(r"^([0-9a-f]{8}) to ([0-9a-f]{8}) ", healthy["tarn maps"], re.M)
    theirs = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) [0-9a-f]+ ", healthy["monitor info mem"].replace("\r", ""), re.M
    )
    assert theirs
    assert covered([(int(a, 16), int(b, 16) + 1) for a, b in ours]) == covered(
        [(int(a, 16), int(b, 16)) for a, b in theirs]
    )


def test_threads_and_what_they_wait_for(healthy):
    sleeper = re.search(r"^thread sleeper .*?(?=^thread|\Z)", healthy["tarn threads"], re.M | re.S)[
        0
    ]
    assert "sleeping, waits for: kmap ticket" in sleeper.splitlines()[0]
    assert [
        name
        for name in ("wait_sleep", "kmap_high", "want_a_slot", "thread_begin")
        if f" {name}+" not in sleeper
    ] == []
    first = re.search(r"^thread first .*?(?=^thread|\Z)", healthy["tarn threads"], re.M | re.S)[0]
    assert (
        "running" in first.splitlines()[0]
        and "somebody_sleeps+0x0" in first
        and "first_thread" in first
    )
    assert len(re.findall(r"^thread idle/\d .*idle thread", healthy["tarn threads"], re.M)) == 3


def test_cpus_are_those_that_the_kernel_started(healthy):
    online = int(lines.CPUS.search(healthy.text)[1])
    assert (
        len(re.findall(r"^CPU \d: online, .*the kernel's own tables", healthy["tarn cpus"], re.M))
        == online
        == 4
    )
    assert (
        len(re.findall(r"^CPU \d: 0 of 16 atomic kmaps held", healthy["tarn atomic"], re.M))
        == online
    )


def test_flushes_lists_and_locks(healthy):
    flushes = next(command for command in COMMANDS if "tlb_stats" in command)
    assert figures(healthy["tarn tlb"], "  0 ")[0] == number(healthy[flushes])
    cached = next(command for command in COMMANDS if "pte_quicklist" in command)
    assert (
        re.search(r"^  0 PTE +(\d+) +(\d+) ", healthy["tarn quicklists"], re.M).groups()
        == (str(number(healthy[cached])),) * 2
    )
    assert " 0 held" in healthy["tarn locks all"]
    for name in ("kmap ", "smp_call", "run queue", "DMA ", "HIGHMEM", "vmalloc"):
        assert re.search(rf"^{name} .*free", healthy["tarn locks all"], re.M), name


def test_nothing_is_broken(healthy):
    text = healthy["tarn check"]
    # Of the other CPUs one may be inside of an interrupt: its CR3 is not judged.
    left_out = [
        line
        for line in text.splitlines()
        if line.startswith("not judged: ") and "CR3 of CPU" not in line
    ]
    assert not broken(text) and not left_out, text
    judged = listed(text, "invariants that hold")
    judged |= listed(text, "hold, but for what was not judged")
    assert judged >= {1, 2, 3, 12, 18, 22, 27, 28, 29, 30, 32, 33, 34, 46, 47, 48, 49, 51}, text
    # No thread has an address space, so there is no PGD but the kernel's.
    without_tasks = {19} | set(range(53, 70)) - {63}
    assert listed(text, "nothing was there to look at") == without_tasks, text


@BOTH
def test_a_larger_pool_that_is_flushed_lazily(kernel, build):
    machine = Machine(
        kernel,
        memory="128M",
        smp="2",
        append="selftest=tour.sleeper highmem=64M pkmap_tables=2 kmap_flush=lazy",
    )
    found = ask(
        machine,
        build,
        ["tarn pkmap", "tarn check", "tarn draw pkmap", "print pkmap_slots"],
        "pool_is_full",
    )
    slots = number(found["print pkmap_slots"])
    assert (
        slots == (2048 if kernel == "2level" else 1024)
        and f"{slots} slots:" in found["tarn draw pkmap"]
    )
    assert "kmap_flush=lazy: " in found["tarn pkmap"] and not broken(
        found["tarn check"]
    ), found.in_order


# ---- Changes, pictures, printers ----


@BOTH
def test_diff_pictures_and_printers(kernel, build, tmp_path):
    steps = [
        "break kmap_high",
        "continue",
        "set $page = page",
        "print *$page",
        "finish",
        "tarn diff",
        "tarn draw $page->virtual",
        "tarn draw pkmap",
        "print *$page",
        "print kmap_lock",
        "print pkmap_page_table[0][($page->virtual-0xfe000000)/4096]",
        "print pkmap_tickets",
        "tarn walk $page->virtual",
        "tarn translate 0x10",
        "tarn nonsense",
        "tarn buddy nozone",
    ]
    machine = Machine(kernel, memory="128M", append="selftest=tour.slot highmem=64M")
    found = ask(machine, build, steps, "look_at_page", tmp_path)
    address = re.search(r"kmapped at (0x[0-9a-f]+)", found.in_order[8])[1]
    slot = (int(address, 16) - 0xFE000000) // 4096
    frame = re.search(r"frame (0x[0-9a-f]+)", found.in_order[3])[1]
    assert "zone HIGHMEM, 1 user" in found.in_order[3] and "kmapped" not in found.in_order[3]
    assert f"pool: slot {slot}: count 0 -> 2" in found["tarn diff"]
    assert re.search(rf"entry {slot}: none -> frame {frame} P RW A D", found["tarn diff"])
    assert (
        "lock kmap: free" in found["print kmap_lock"]
        and "list of 0 nodes" in found["print pkmap_tickets"]
    )
    assert f"frame {frame} P RW A D" in found.in_order[10]
    assert (
        f"PTE[{slot}]" in found["tarn walk $page->virtual"]
        and "kmapped at " + address in found["tarn walk $page->virtual"]
    )
    assert (
        "is not mapped" in found["tarn translate 0x10"]
        and "there is no zone nozone" in found["tarn buddy nozone"]
    )
    for name, words in (
        (f"walk-{address[2:]}", ["CR3", f"[{slot}]", f"frame {frame}"]),
        ("pkmap", ["in use", "free"]),
    ):
        texts = [
            node.text
            for node in xml.etree.ElementTree.parse(tmp_path / f"{name}.svg").iter()
            if node.tag.endswith("}text")
        ]
        assert all(any(word in text for text in texts) for word in words), texts
    assert (
        f"[{slot}]" in found["tarn draw $page->virtual"]
        and "2" in found["tarn draw pkmap"].splitlines()[1]
    )


@BOTH
def test_diff_groups_what_changed_alike(kernel, build):
    """A whole pool filled between two stops is a line for the slots and one for each table."""
    machine = Machine(kernel, memory="128M", append="selftest=tour.sleeper highmem=64M")
    steps = [
        "tarn diff",
        "print pkmap_slots",
        "break pool_is_full",
        "continue",
        "tarn diff ",
        "set var pkmap_count[3] = -1",
        "set var pkmap_count[4] = -1",
        "stepi",
        "tarn diff  ",
    ]
    found = ask(machine, build, steps, "first_thread")
    last = number(found["print pkmap_slots"]) - 1
    assert f"pool: slots 0 to {last}: count 0 -> 2" in found["tarn diff "], found["tarn diff "]
    assert re.search(
        r"^PTE table at 0x\w+, entries 0 to \d+: none -> .*frames .*P RW A D",
        found["tarn diff "],
        re.M,
    ), found["tarn diff "]
    assert len(found["tarn diff "].splitlines()) < 12, found["tarn diff "]
    assert "pool: slots 3 to 4: count 2 -> RETIRED" in found["tarn diff  "], found["tarn diff  "]


WRONG = {
    "tarn nonsense": "there is no command nonsense; there are: atomic, ",
    "tarn walk": "which address?",
    "tarn walk 0x1ffffffff": "0x1ffffffff does not fit into 32 bits",
    "tarn translate 1ull<<32": "does not fit",
    "tarn draw -(1ll<<32)": "does not fit",
    "tarn walk nosuch": 'No symbol "nosuch"',
    "tarn walk 1 2 3": "at most 2 arguments",
    "tarn walk 0xc0100000 xyz": 'No symbol "xyz"',
    "tarn maps xyz": 'No symbol "xyz"',
    "tarn zones x": "no arguments",
    "tarn locks nonsense": "only all",
    "tarn pkmap nonsense": "only all",
    "tarn buddy nozone": "there is no zone nozone",
    "tarn threads nosuch": "there is no thread nosuch",
    "tarn tour nosuch": "there is no tour nosuch",
    "tarn walk *(int*)0x10": "Cannot access memory",
}


def test_an_error_is_one_line_in_words(build):
    found = ask(Machine("2level", **SLEEPER), build, list(WRONG), "somebody_sleeps")
    for command, words in WRONG.items():
        answer = found[command]
        assert words in answer and answer.startswith("tarn"), f"{command}: {answer}"
        assert len(answer.splitlines()) == 1, f"{command}: {answer}"


def test_an_address_may_be_negative(build):
    """As registers and differences are: the highest addresses."""
    commands = ["tarn translate 0xc0100000", "tarn translate (int)0xc0100000"]
    found = ask(Machine("2level", **SLEEPER), build, commands, "somebody_sleeps")
    assert found.in_order[0] == found.in_order[1], found.in_order


# ---- Before there is anything ----


@BOTH
def test_before_paging(kernel, build):
    asked = [
        "tarn walk 0xc0100000",
        "break *(unsigned)&_start",
        "continue",
        "tarn walk 0xc0100000 ",
        "tarn zones",
        "tarn pkmap",
        "tarn check",
        "tarn threads",
        "tarn atomic",
    ]
    found = ask(Machine(kernel, append="selftest=none"), build, asked)
    assert "paging is off" in found["tarn walk 0xc0100000"]
    assert (
        "paging is off on" in found["tarn walk 0xc0100000 "]
        and "physical" in found["tarn walk 0xc0100000 "]
    )
    for command in ("tarn zones", "tarn pkmap"):
        assert "has not come that far" in found[command], found[command]
    assert "there are no threads yet" in found["tarn threads"] and "Traceback" not in "".join(
        found.in_order
    )


@BOTH
@pytest.mark.parametrize("step", [1, 3, 5, 6])
def test_stopped_in_the_middle_of_the_boot(kernel, step, build):
    """until=: every command says something, or why not; nothing is broken."""
    asked = [
        "tarn cpus",
        "tarn check",
        "tarn pkmap",
        "tarn zones",
        "tarn threads",
        "tarn walk 0xc0100000",
        "tarn tlb",
        "tarn locks",
    ]
    with Boot(
        Machine(kernel, memory="64M", append=f"selftest=none until={step} highmem=32M", extra=STUB),
        build,
    ) as boot:
        boot.wait_for(re.compile(rf"^stopped after step {step}; ", re.M))
        found = Session(boot, asked)
    assert not broken(found["tarn check"]) and "Error occurred" not in "".join(
        found.in_order
    ), found.in_order
    assert ("has not come that far" in found["tarn pkmap"]) == (step < 5)
    assert ("has not come that far" in found["tarn zones"]) == (step < 6)
    # What is not there is not among what holds, nor what was looked at in part.
    claimed = listed(found["tarn check"], "invariants that hold")
    assert (claimed >= {46, 51}) == (step >= 6), found["tarn check"]
    assert (1 in claimed) == (step >= 6), found["tarn check"]
    assert not claimed & {2, 3, 19, 34}, found["tarn check"]
    assert "leads to physical 0x000100000" in found["tarn walk 0xc0100000"]


# ---- Crashed kernels ----

CRASHES = [
    ("crash.page_fault", "page_fault"),
    ("crash.stack_overflow", "stack"),
    ("crash.early_page_fault", "early"),
]


def panic_walk(text):
    """The walk in a panic's report: what each level's entry held, and where it led."""
    part = re.search(
        r"^  walk of (0x[0-9a-f]+), .*?leads (?:nowhere|to physical \S+)", text, re.M | re.S
    )
    return (
        int(part[1], 16),
        re.findall(r"(PGD|PMD|PTE)\[(\d+)\] at \S+ = ([0-9a-f]+)  (.*)", part[0]),
        "nowhere" in part[0],
    )


@BOTH
@pytest.mark.parametrize("test", [name for name, _ in CRASHES])
def test_walk_is_that_of_the_panic(kernel, test, build):
    machine = Machine(kernel, memory="128M", smp="2", append=f"selftest={test}", extra=STUB)
    with Boot(machine, build) as boot:
        boot.wait_for(re.compile(r"^back trace:", re.M))
        while not boot.all_stopped():
            boot.check_limit("does not stop after its panic")
        address, levels, nowhere = panic_walk(boot.text)
        found = Session(
            boot, [f"tarn walk {address:#x}", "tarn check", "tarn threads", "tarn cpus"]
        )
    walk = re.findall(
        r"(PGD|PMD|PTE)\[(\d+)\] at physical \S+ = ([0-9a-f]+)  (.*)",
        found[f"tarn walk {address:#x}"],
    )
    plain = [level[:3] + (level[3].replace("none", "not present"),) for level in walk]
    assert plain == levels, (walk, levels)
    assert nowhere == ("leads nowhere" in found[f"tarn walk {address:#x}"])
    assert not broken(found["tarn check"]), found["tarn check"]
    assert (
        "panic" in found["tarn threads"]
        or "double_fault" in found["tarn cpus"]
        or "panic" in found["tarn cpus"]
    )


# ---- Dumps ----

SAME = [
    "tarn pkmap",
    "tarn zones",
    "tarn buddy",
    "tarn quicklists",
    "tarn tlb",
    "tarn threads",
    "tarn cpus",
    "tarn locks all",
    "tarn maps",
    "tarn check",
    "tarn walk 0xfe003000",
    "tarn atomic",
]


@BOTH
def test_a_dump_shows_what_the_machine_showed(kernel, build, tmp_path):
    with Boot(Machine(kernel, **SLEEPER), build, paused=True) as boot:
        live = Session(
            boot, SAME + [f"monitor dump-guest-memory -p {tmp_path}/core"], "somebody_sleeps"
        )
    dead = gdb(boot.elf, SAME, core=tmp_path / "core")
    for command, text in zip(SAME, dead):
        assert text == live[command], command


# ---- High memory ----


def test_frames_beyond_4_gib(build):
    machine = Machine(
        "pae",
        memory="1G",
        cpu="max",
        machine="q35,max-ram-below-4g=512M",
        append="selftest=tour.slot",
    )
    script = [
        "break kmap_high",
        "continue",
        "set $page = page",
        "finish",
        "tarn translate $page->virtual",
        "tarn walk $page->virtual",
        "python from kernelview.machine import machine as m; k = m(); "
        "a = int(gdb.parse_and_eval('$page - mem_map')) << 12; "
        "print(a, k.read_physical(a, 16).hex(), k.memory.source._read_printed(a, 16).hex())",
    ]
    found = ask(machine, build, script, "look_at_page")
    physical, by_file, printed = found.in_order[-1].split()
    assert int(physical) >= 1 << 32 and int(
        re.search(r"physical (0x\S+)", found.in_order[4])[1], 16
    ) == int(physical)
    frame = int(physical) >> 12
    assert (
        by_file == printed
        and struct.unpack_from("<I", bytes.fromhex(by_file))[0] == frame ^ 0xA5A5A5A5
    )
    assert f"frame {frame:#x}" in found["tarn walk $page->virtual"]
