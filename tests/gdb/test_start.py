"""What `make gdb` starts: the build, a GDB that can do it, a QEMU that GDB can be connected to; and
advice where it cannot.
"""

import re
import socket
import subprocess
import threading
import time
import types

import pytest

import gdb as stub
import qemu
import session as start
from debugger import LOAD, ask, gdb, session
from qemu import ROOT, Machine

# ---- The build ----


@pytest.mark.parametrize(
    "words, kind",
    [([], "-debug"), (["DEBUG=0"], ""), (["POISON=1"], "-poison"), (["DEBUG=1"], "-debug")],
)
def test_the_debug_build_unless_another_is_asked_for(words, kind):
    for goal in ("gdb", "gdb-server", "dump"):
        said = subprocess.run(
            ["make", "-np", goal, *words], cwd=ROOT, capture_output=True, text=True
        ).stdout
        assert re.search(r"^KIND := (.*)$", said, re.M)[1] == kind, goal


@pytest.mark.parametrize("kernel", ["tarn-debug.elf", "tarn-pae-debug.elf"])
def test_functions_begin_where_they_are_written(kernel, build):
    """Not in the line of a function that is inlined into them."""
    places = {
        "kernel_main": "kernel/main.c",
        "kmap_high": "kernel/mm/pkmap/highmem.c",
        "thread_create": "kernel/sched/thread.c",
        "alloc_pages": "kernel/mm/pages/page_alloc.c",
        "mm_map": "kernel/mm/tables/address_space.c",
        "smp_call": "kernel/arch/x86/smp/smp_call.c",
    }
    said = gdb(build / kernel, [f"break {name}" for name in places])
    assert [re.search(r"file (\S+),", text)[1] for text in said] == list(places.values()), said


def test_variables_are_there(build):
    """Also an argument whose last use is over."""
    commands = ["break zone_init", "continue", *["next"] * 3, "info args", "info locals"]
    found = ask(
        Machine("2level", debug=True, append="selftest=none exit"), build, commands, "kernel_main"
    )
    assert "end = 4096" in found["info args"] and re.search(
        r"^zone = 0xc\w+ <zones>$", found["info locals"], re.M
    ), found.in_order


@pytest.mark.parametrize(
    "name, values",
    [("PAE", {"": False, "0": False, "1": True}), ("REVERSE", {"": False, "0": False, "1": True})],
)
def test_nothing_and_0_are_off(name, values, monkeypatch):
    for value, on in values.items():
        monkeypatch.setenv(name, value)
        assert getattr(start.Settings(), name.lower()) == on, value


# ---- A GDB that can do it ----

WITHOUT_PYTHON = '#!/bin/sh\necho "Python scripting is not supported in this copy of GDB." >&2\n'


def test_a_gdb_without_python_is_refused(build, tmp_path):
    fake = tmp_path / "gdb"
    fake.write_text(WITHOUT_PYTHON)
    fake.chmod(0o755)
    ran = session("gdb", BUILD=build, path=tmp_path)
    assert (
        ran.returncode == 1
        and f"{fake} was built without Python" in ran.stdout
        and "Debian: gdb" in ran.stdout
    ), ran.stdout


def test_load_py_says_what_it_needs():
    """Read as a script of GDB's own, as a GDB without Python does."""
    ran = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "set script-extension off", "-ex", f"source {LOAD}"],
        capture_output=True,
        text=True,
    )
    assert (
        "need a GDB with Python (Debian: gdb, not gdb-minimal)" in ran.stdout
        and "load.py:5: Error" in ran.stderr
    ), ran


# ---- A QEMU that GDB can be connected to ----


LATE_STUB = r"""#!/usr/bin/env python3
import socket, sys
def listen(name):
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{sys.argv[1]}/{name}.socket")
    server.listen()
    return server
def say(text):
    client.write(text + "\n"), client.flush(), client.readline()
monitor = listen("qmp")
client = monitor.accept()[0].makefile("rw")
stub = listen("gdb")
say('{"QMP": {}}')
say('{"return": {}}')
stub.accept()
"""


def test_start_waits_for_what_gdb_needs(tmp_path):
    """A QEMU that opens its monitor's socket first, and GDB's only when somebody has tried the
    monitor.
    """
    fake = tmp_path / "qemu"
    fake.write_text(LATE_STUB)
    fake.chmod(0o755)
    process = start.start([fake, tmp_path], tmp_path)
    try:
        socket.socket(socket.AF_UNIX).connect(str(tmp_path / "gdb.socket"))
    finally:
        start.stop(process)


def test_a_qemu_that_ends_is_no_endless_wait(tmp_path):
    with pytest.raises(start.Refused, match="QEMU ended: qemu: no such machine"):
        start.start(["sh", "-c", "echo qemu: no such machine >&2"], tmp_path)


def test_the_wrong_qemu(build, tmp_path):
    """qemu-system-x86_64, whose registers have 64 bits: GDB refuses it, and tarn says which it
    should be.
    """
    command = [
        "qemu-system-x86_64",
        "-m",
        "64M",
        "-display",
        "none",
        "-nic",
        "none",
        "-serial",
        "none",
        "-kernel",
        build / "tarn.elf",
        *start.halted(tmp_path),
    ]
    process = start.start(command, tmp_path)
    try:
        said = gdb(
            build / "tarn.elf", [f"target remote {tmp_path}/gdb.socket", "tarn walk 0xc0100000"]
        )
    finally:
        start.stop(process)
    assert "'g' packet reply is too long" in said[0], said
    assert "qemu-system-i386" in said[1] and len(said[1].splitlines()) == 1, said


# ---- The tests' own waits ----


def test_an_answer_that_comes_at_once_is_seen():
    """The stub's "+" and the stop that follows may come in one piece."""
    client = object.__new__(stub.Gdb)
    ours, theirs = socket.socketpair()
    client.socket, client.stream = ours, ours.makefile("rb", buffering=stub.BUFFERING)
    client.boot = types.SimpleNamespace(report=str, check_limit=lambda what: pytest.fail(what))
    theirs.sendall(b"+$OK#9a" + b"+$T05thread:01;#07" + b"+$OK#9a")
    client.run_to(0x1000)


def stopped_guest(output):
    """A Boot whose guest has written something that nobody has read yet, and has stopped for
    good.
    """
    boot = object.__new__(qemu.Boot)
    boot.process = subprocess.Popen(["printf", output], stdout=subprocess.PIPE)
    boot.process.wait()
    boot.output, boot.ended, boot.changed = bytearray(), False, threading.Condition()
    boot.check_limit = lambda what: None
    boot.all_stopped = lambda: True
    boot.report = lambda what, registers=False: what
    return boot


def test_a_stopped_guest_is_heard_out(monkeypatch):
    """On a busy host its last words may still be in the pipe."""
    monkeypatch.setattr(qemu, "QUIET", 0)
    boot = stopped_guest("panic: the last word")
    boot._wait_for_output()
    boot.reader = types.SimpleNamespace(is_alive=lambda: False)
    boot._read()
    assert boot.output == b"panic: the last word" and boot.ended


def test_qemus_end_ends_the_wait_for_a_socket(tmp_path):
    process = subprocess.Popen(["true"])
    process.wait()
    boot = types.SimpleNamespace(
        folder=tmp_path,
        process=process,
        deadline=time.monotonic() + qemu.HOST_LIMIT,
        report=lambda what: what,
    )
    with pytest.raises(ConnectionError, match="QEMU has ended"):
        qemu.connect(boot, "qmp")
