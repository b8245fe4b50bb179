"""The console's driver: what is typed at the serial line and at the keyboard, what both show, and
who shows it when the driver is there, when it dies, and in a panic.  No key is read by a program:
con echoes in mode line (docs/servers.md)."""

import re

import pytest

from qemu import Boot, Machine
from shell import BOTH, Shell

# A program that reads nothing; as long as it runs, con edits lines.
APPEND = 'selftest=none run="sleep 100000"'


def shown(text):
    return re.compile(re.escape(text))


def boot_console(build, kernel="2level", **machine):
    machine = {"smp": "2", "memory": "256M", **machine}
    return Boot(Machine(kernel, append=APPEND, programs=True, typed=True, **machine), build)


def wait_for_console(boot):
    """con echoes: it is there.  What is typed before is input all the same."""
    boot.wait_for(re.compile(r"^\[9\] first task", re.M))
    boot.type("ready")
    boot.wait_for(shown("ready"))


def wait_for_row(boot, text):
    """Until the screen shows a row with this text; the rows."""
    rows = boot.screen()
    while not any(text in row for row in rows):
        boot.check_limit(f"the screen has no {text!r}")
        rows = boot.screen()
    return rows


def wait_for_last(boot, *wanted):
    """Until these are the last rows that have text; the rows that have."""
    rows = []
    while rows[-len(wanted) :] != list(wanted):
        boot.check_limit(f"the screen does not end with {wanted}")
        rows = [row for row in boot.screen() if row]
    return rows


@BOTH
def test_typed_at_the_serial_line(kernel, build):
    with boot_console(build, kernel) as boot:
        wait_for_console(boot)
        boot.type("\x15one two\x7f\x7f\x7fthree\x01\r")
        boot.wait_for(shown("one two\b \b\b \b\b \bthree^A\n"))
        boot.type("next")
        boot.wait_for(shown("\nnext"))
        screen = wait_for_row(boot, "next")
    at = screen.index("next")
    assert screen[at - 1].endswith("one three^A"), screen


@BOTH
def test_typed_at_the_keyboard(kernel, build):
    with boot_console(build, kernel) as boot:
        wait_for_console(boot)
        boot.press("ctrl-u", "a", "shift-b", "caps_lock", "c", "shift-d", "1", "shift-1", "ret")
        boot.wait_for(shown("aBCd1!\n"))
        boot.press("caps_lock", "x", "y", "backspace", "up", "ret")
        boot.wait_for(shown("xy\b \b^[[A\n"))
        screen = wait_for_row(boot, "x^[[A")
    assert any(row.endswith("aBCd1!") for row in screen), screen


def keys_of(text):
    """QEMU's names of the keys that type it."""
    names = {" ": "spc", "-": "minus", "|": "shift-backslash", "\n": "ret"}
    return [names.get(c, c) for c in text]


@BOTH
def test_the_shell_by_keyboard_and_screen(kernel, build):
    """A command that is typed at the keyboard, and what it prints on the screen."""
    with Shell(build, kernel) as shell:
        boot = shell.boot
        boot.press("ctrl-l", *keys_of("seq 3 | sort -rn\n"))
        shell.wait_for(shown("\n3\n2\n1\ntarn:/$ "))
        boot.press("up", "home", "delete", "delete", "delete", *keys_of("echo\n"))
        shell.wait_for(shown("echo 3 | sort -rn\n3\ntarn:/$ "))
        boot.press("up", "ctrl-c", *keys_of("ec"), "tab", *keys_of("a\n"))
        shell.wait_for(shown("\na\ntarn:/$ "))
        boot.press(*keys_of("sleep 1000\n"), "ctrl-c")
        shell.wait_for(shown("sleep 1000\n^C\ntarn:/$ "))
        shell.check("echo serial", "serial\n")
        rows = wait_for_last(boot, "serial", "tarn:/$")
    wanted = [
        "tarn:/$ seq 3 | sort -rn",
        *"321",
        "tarn:/$ echo 3 | sort -rn",
        "3",
        "tarn:/$ echo 3 | sort -rn^C",
        "tarn:/$ echo a",
        "a",
        "tarn:/$ sleep 1000",
        "^C",
        "tarn:/$ echo serial",
        "serial",
        "tarn:/$",
    ]
    assert rows == wanted, "\n".join(rows)


@pytest.mark.parametrize("machine", [{"cpu": "pentium", "smp": "1"}, {"machine": "q35"}], ids=str)
def test_other_machines(machine, build):
    """One without an APIC, whose lines go through the 8259 pair; one with other chips."""
    with boot_console(build, **machine) as boot:
        wait_for_console(boot)
        boot.press("z")
        boot.wait_for(shown("readyz"))
        wait_for_row(boot, "readyz")


def test_long_input(build):
    """What a line has no room for is refused, with one bell; the line can still be ended."""
    with boot_console(build) as boot:
        wait_for_console(boot)
        boot.type("\x15" + "x" * 5_000 + "\rafter")
        boot.wait_for(re.compile("x\a.*\nafter", re.S))
        assert boot.text.count("\a") == 1, boot.report("bells")


@BOTH
def test_a_panic_takes_the_console(kernel, build):
    """What the kernel says last is seen, though a task has the devices."""
    with boot_console(build, kernel) as boot:
        wait_for_console(boot)
        boot.hmp("nmi")
        boot.wait_for(re.compile(r"ready\n?panic: NMI.*?^the machine is stopped", re.M | re.S))
        wait_for_row(boot, "the machine is stopped")


def kib_of_con(shell):
    (kib,) = re.findall(r"server +(\d+) +\d+ +con$", shell.run("ps"), re.M)
    return int(kib)


def test_what_is_printed_takes_no_page_for_ever(build):
    """con's queue to the serial line is empty after each command, and begins at its first page."""
    with Shell(build, "2level", smp="1", memory="64M") as shell:
        before = kib_of_con(shell)
        for _ in range(30):
            shell.run("seq 100 160")
        after = kib_of_con(shell)
    assert after <= before + 4, f"con has {after} KiB, and had {before}"
