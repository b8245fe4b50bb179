"""Guided tours: each runs from its first stop to its last; their files are read or refused; going
backwards; dumps by make.
"""

import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

import session as start
import tourfile
from debugger import ask, gdb, session
from qemu import HOST_LIMIT, ROOT, Machine, have_grub

TOURS = tourfile.names()


def test_the_tours_that_there_must_be():
    assert set(TOURS) >= {
        "grub-to-paging",
        "one-address",
        "pkmap-slot",
        "flush",
        "quicklist",
        "buddy",
        "sleeper",
        "stack-overflow",
        "who-freed",
        "fault",
        "copy-on-write",
        "message",
        "death",
        "ls",
        "server-death",
    }


@pytest.mark.parametrize("name", TOURS)
def test_tour_runs_to_its_end(name, build, tmp_path):
    tour = tourfile.load(name)
    if tour.machine().get("loader") == "iso" and not have_grub():
        pytest.skip("no GRUB for the PC on this machine")
    ran = session("tour", name, TOUR_AUTO="yes", BUILD=build, TARN_DRAWINGS=tmp_path)
    assert (
        ran.returncode == 0 and f"End of the tour {name}: {len(tour.stops)} stops." in ran.stdout
    ), ran.stdout[-4000:]
    for number, stop in enumerate(tour.stops, 1):
        assert f" {name} {number}/{len(tour.stops)}: {stop.name} " in ran.stdout
        assert all(text.split("\n")[0] in ran.stdout for text in stop.texts("say")), stop.name


def test_what_a_tree_lacks():
    """The sentence of a function that is not written, as the kernel panics with it."""
    macro = re.search(r'panic\("(.*)", lab', (ROOT / "labs/tree/lib/lab.h").read_text())[1]
    said = macro % (2, "paging_init", 2)
    assert tourfile.not_written(f"[2] ...\npanic: {said}\n") == said
    assert tourfile.not_written("[2] ...\npanic: no memory\n") == ""


@pytest.mark.parametrize("name", TOURS)
def test_tour_tells_something_at_each_stop(name):
    for stop in tourfile.load(name).stops:
        assert stop.texts("say"), f"{name}: {stop.name} says nothing"
        assert stop.texts("show"), f"{name}: {stop.name} shows nothing"
        assert stop.texts("at") or stop.texts(
            "run"
        ), f"{name}: {stop.name} is where the stop before it is"


GOOD = "title: a tour\n\n-- first\nat: kernel_main\nsay: one\n    two\n"


def test_a_tour_is_read():
    tour = tourfile.Reader("good", GOOD).tour
    parts = [("at", "kernel_main"), ("say", "one\ntwo")]
    assert (tour.title, tour.stops[0].name, tour.stops[0].parts) == ("a tour", "first", parts)


def test_the_documented_tour_is_one():
    """The example of docs/tours.md, read as a tour."""
    text = (
        (ROOT / "docs/tours.md")
        .read_text()
        .partition("This one is complete:\n")[2]
        .partition("\nBefore the first")[0]
    )
    tour = tourfile.Reader("documented", "\n".join(line[4:] for line in text.splitlines())).tour
    assert [stop.name for stop in tour.stops] == ["somebody wants an address", "and gets one"]
    assert tour.machine()["memory"] == "128M" and tour.machine()["append"].endswith("exit")


@pytest.mark.parametrize(
    "text, what",
    [
        ("-- first\nsay: x\n", "a title"),
        ("title: t\n", "at least one stop"),
        (GOOD + "nonsense: x\n", "nonsense"),
        ("say: x\n" + GOOD, "before the first stop"),
        ("title: t\nmachine: cores=4\n", "machine knows"),
        ("    indented\n" + GOOD, "belongs to a key"),
        (GOOD + "what is this\n", "expected"),
    ],
    ids=lambda value: value if " " not in value or len(value) < 30 else "text",
)
def test_a_faulty_tour_is_refused(text, what):
    with pytest.raises(tourfile.Faulty, match=what):
        tourfile.Reader("bad", text)


def test_a_stop_that_is_not_reached_fails(build, tmp_path):
    """The player says which, and the exit status is not 0: a tour cannot rot unseen."""
    ran = gdb(
        build / "tarn-debug.elf",
        [
            "python import tourfile; from kernelview import tours",
            "python tourfile.load = lambda name: tourfile.Reader(name, 'title: t\\n-- one\\nat: no_such_function\\nsay: x\\n').tour",
            "tarn tour made-up",
        ],
    )
    assert "stop 1 (one), at: no breakpoint at no_such_function" in ran[2], ran


def test_a_condition_is_kept(build):
    """The stop is where it holds, not where the place is first passed."""
    tour = "title: t\n-- one\nat: testing_step if step == 7\nsay: x\nexpect: step == 7\n"
    commands = [
        "python import tourfile; from kernelview import tours; tours.automatic = lambda: True",
        f"python tour = {tour!r}",
        "python tourfile.load = lambda name: tourfile.Reader(name, tour).tour",
        "tarn tour made-up",
    ]
    found = ask(Machine("2level", debug=True, append="selftest=none"), build, commands)
    assert "End of the tour made-up" in found["tarn tour made-up"], found.in_order


def test_programs_are_there_where_the_tour_runs_one(build, tmp_path):
    """`run=` in its machine; without the archive that is said."""
    (tmp_path / "tarn-debug.elf").symlink_to(build / "tarn-debug.elf")
    ran = session("tour", "fault", TOUR_AUTO="yes", BUILD=tmp_path)
    assert ran.returncode == 1 and "user.tar (make user)" in ran.stdout, ran.stdout


def test_an_unknown_tour_is_refused(build):
    ran = session("tour", "nonsense", BUILD=build)
    assert ran.returncode == 1 and "there are: " in ran.stdout


# ---- From stop to stop ----


@pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-utils is missing")
@pytest.mark.parametrize(
    "name, answers, stops",
    [
        ("pkmap-slot", ["5", "-", "1", "", "9", "p 6*7", "7", "q"], [1, 5, 4, 1, 2, 7]),
        ("who-freed", ["3", "1", "", "-", "q"], [1, 3, 1, 2, 1]),
    ],
    ids=["forwards", "recorded"],
)
def test_a_tour_goes_back_and_jumps(name, answers, stops, build, tmp_path):
    """What each stop expects holds again, also in a tour that runs backwards itself."""
    count = len(tourfile.load(name).stops)
    typed = "".join(answer + "\n" for answer in answers)
    ran = session("tour", name, stdin=typed, BUILD=build, TARN_DRAWINGS=tmp_path)
    shown = [int(number) for number in re.findall(rf"^=+ {name} (\d+)/{count}: ", ran.stdout, re.M)]
    assert shown == stops and "The tour waits here" in ran.stdout, ran.stdout[-4000:]
    refused = f"the stops are 1 to {count}" in ran.stdout
    assert (refused and "= 42" in ran.stdout) == ("9" in answers), ran.stdout[-4000:]


def test_without_snapshots_a_tour_only_goes_on(build):
    """A QEMU that has no disk for them: the tour says so, and stays where it is."""
    tour = "title: t\n-- one\nat: kernel_main\nsay: x\n-- two\nat: boot_step\nsay: y\n"
    commands = [
        "python import tourfile, builtins; from kernelview import tours",
        f"python tour = {tour!r}",
        "python tourfile.load = lambda name: tourfile.Reader(name, tour).tour",
        "python answers = iter(['', '-', 'q'])",
        "python builtins.input = lambda prompt: next(answers)",
        "tarn tour made-up",
    ]
    found = ask(Machine("2level", debug=True, append="selftest=none"), build, commands)
    assert "made-up 2/2: two" in found["tarn tour made-up"], found.in_order
    assert "no snapshot was made of that stop" in found["tarn tour made-up"], found.in_order


# ---- Where drawings go ----


def test_drawings_outlive_the_session(build, tmp_path):
    """In $TARN_DRAWINGS, else in the folder of the build; never where it was called from."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    for environment, folder in (({"TARN_DRAWINGS": there}, there), ({}, build)):
        ran = session("tour", "pkmap-slot", cwd=here, TOUR_AUTO="1", BUILD=build, **environment)
        assert f"written as {folder}/pkmap.svg" in ran.stdout, ran.stdout[-3000:]
        assert (folder / "pkmap.svg").is_file() and not list(here.iterdir())


# ---- Backwards (the tour who-freed runs reverse-continue and reverse-finish; here single steps) --


def test_reverse_refuses_more_than_one_cpu(build):
    ran = session("gdb", REVERSE="1", SMP="2", SMP_GIVEN="yes", BUILD=build)
    why = "gdb: REVERSE=1 and SMP=2: QEMU records and replays one CPU alone"
    assert ran.returncode == 1 and ran.stdout.startswith(why), ran.stdout


SCRIPT = """break map_address
continue
set $forward = $pc
reverse-stepi
printf "back: %d\\n", $pc != $forward
stepi
printf "again: %d\\n", $pc == $forward
reverse-step
tbreak kmap_init
reverse-continue
info symbol $pc
quit
"""


@pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-utils is missing")
def test_steps_back(build):
    """make gdb REVERSE=1, typed into: a step back, the same forward, lines back, and back to a
    breakpoint before it all.
    """
    environment = os.environ | {
        "REVERSE": "1",
        "BUILD": str(build),
        "MEM": "128M",
        "APPEND": "selftest=tour.address highmem=64M",
    }
    ran = subprocess.run(
        [sys.executable, ROOT / "tools/gdb/session.py", "gdb"],
        cwd=ROOT,
        input=SCRIPT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HOST_LIMIT,
    )
    assert (
        "back: 1" in ran.stdout
        and "again: 1" in ran.stdout
        and "kmap_init in section .text" in ran.stdout
    ), ran.stdout


# ---- Dumps ----


@pytest.mark.parametrize(
    "append, said",
    [("selftest=crash.panic", "panic_on_purpose"), ("selftest=lib.list until=8", "idle_loop")],
)
def test_make_dump(append, said, build, tmp_path):
    """Of a kernel that panicked, and of one that idles; then GDB on the file alone."""
    core = tmp_path / "tarn.core"
    ran = session("dump", BUILD=build, MEM="64M", SMP="2", APPEND=append, CORE=core)
    assert ran.returncode == 0 and core.is_file(), ran.stdout
    announced, _, written = ran.stdout.partition(f"{core}: about 64 MiB will be written.")
    assert written and "To look at it" in written and "To look at it" not in announced, ran.stdout
    threads, check = gdb(build / "tarn.elf", ["tarn threads", "tarn check"], core=core)
    assert said in threads and "is broken" not in check, threads + check


def test_a_dump_without_room_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10 << 20))

    class Monitor:
        @staticmethod
        def memory_bytes():
            return 3 << 30

    with pytest.raises(start.Refused, match="would have 3072 MiB, and 10 MiB are free"):
        start.announce(Monitor, tmp_path / "core")


def test_a_core_file_that_is_not_there(build, tmp_path):
    ran = session("gdb", BUILD=build, CORE=tmp_path / "none")
    assert ran.returncode == 1, ran.stdout
    assert re.fullmatch(r"gdb: CORE=\S+: there is no such file .*\n", ran.stdout), ran.stdout
