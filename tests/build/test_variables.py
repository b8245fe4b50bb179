"""The variables of make: the table says what each takes, the rest is refused, what is given
arrives.
"""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import lines
import pytest
from qemu import HOST_LIMIT, have_grub

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tools/variables.txt"


def rows():
    """Name: (kind, default)."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    columns = [re.split(r" {2,}", line) for line in lines]
    return {row[0]: (row[1], row[2] if len(row) > 3 else "") for row in columns}


SWITCHES = [name for name, (kind, _) in rows().items() if kind == "switch"]


def clean():
    """The environment without what this run of make was given."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in rows() and name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }


def make(*arguments, path=None, cwd=ROOT, **environment):
    environment = clean() | environment | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "given, sentence",
    [
        ("PAE=yes", "PAE=yes is refused: PAE takes 1 or 0"),
        ("SMP=0", "SMP=0 is refused: SMP takes a number from 1 to 255"),
        ("SMP=256", "SMP=256 is refused"),
        ("SMP=four", "SMP=four is refused"),
        ("MEM=0", "MEM=0 is refused: MEM takes a size such as 512M"),
        ("MEM=3X", "MEM=3X is refused"),
        ("APPEND=exit; reboot", "APPEND=exit; reboot is refused: APPEND takes letters, digits"),
        ('APPEND="run=args', "APPEND takes letters, digits, blanks"),
        ("APPEND=it's", "APPEND=it's is refused"),
        ('APPEND="run=ls" | wc', "is refused: APPEND takes letters"),
        ("CPU=two words", "CPU=two words is refused"),
        ("BUILD=a folder", "BUILD=a folder is refused"),
        ("PORT=70000", "PORT=70000 is refused: PORT takes a number from 1 to 65535"),
        ("SPM=2", "There is no variable SPM here"),
    ],
)
def test_refused(given, sentence):
    result = make("-n", "kernels", given)
    assert result.returncode == 2 and sentence in result.stderr, result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_refused_from_the_environment():
    assert "DEBUG=app is refused" in make("-n", "kernels", DEBUG="app").stderr


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_takes_1_0_and_nothing(name):
    def refused(value):
        return subprocess.run(
            ["awk", "-v", "what=refuse", "-f", ROOT / "tools/variables.awk", TABLE],
            env=clean() | {name: value},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert [refused(value) for value in ("1", "0", "")] == ["", "", ""]
    assert refused("2") == f"{name}=2 is refused: {name} takes 1 or 0"


@pytest.mark.parametrize("name", ["DEBUG", "WERROR"])
@pytest.mark.parametrize("by", ["command line", "environment"])
def test_0_builds_as_nothing_does(name, by):
    plain, off = make("-n", "kernels"), make(
        "-n", "kernels", **{name: "0"}
    ) if by == "environment" else make("-n", "kernels", f"{name}=0")
    assert off.stdout == plain.stdout


def test_help_shows_the_table():
    shown = make("help").stdout
    for name, (kind, default) in rows().items():
        assert re.search(
            rf"^  {name} +{kind.replace('switch', '1 or 0')} +{default}", shown, re.M
        ), name


def test_defaults_are_those_of_the_source():
    """Where a default is set, beside the table."""
    text = "".join(
        (ROOT / name).read_text()
        for name in (
            "Makefile",
            "tests/interleave/Makefile",
            "tools/gdb/session.py",
            "tests/boot/machine/qemu.py",
        )
    )
    for name, (_, default) in rows().items():
        if default:
            assert (
                f"override {name} := $(or $({name}),{default})\n" in text
                or f'("{name}", "{default}")' in text
            ), name


@pytest.mark.parametrize("given", ["environment", "command line"])
def test_numbers_come_from_the_environment_too(given):
    """And an empty value is none: QEMU would take another default than the table's."""

    def shown(**values):
        words = [f"{name}={value}" for name, value in values.items()]
        environment = os.environ | (values if given == "environment" else {})
        command = ["make", "-n", *(words if given == "command line" else []), "-p", "kernels"]
        text = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True
        ).stdout
        return {
            name: re.search(rf"^(?:override )?{name} :?= (.*)$", text, re.M)[1]
            for name in ("SMP", "MEM", "JOBS")
        }

    assert shown(SMP="2", MEM="64M", JOBS="1") == {"SMP": "2", "MEM": "64M", "JOBS": "1"}
    assert shown(SMP="", MEM="", JOBS="") == {"SMP": "4", "MEM": "3G", "JOBS": "2"}


def test_the_documents_use_what_is_there():
    """Variables behind `make` in the README and the documents."""
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for command in re.findall(
            r"(?:^    |`|^)((?:[A-Z_]+=\S* )*make [^`#\n]*)", page.read_text(), re.M
        ):
            if "-f tests/" not in command and (
                names := set(re.findall(r"(?<![\w\"=,])([A-Z][A-Z_]*)=", command))
            ):
                assert names <= set(rows()) | {"TESTS"}, f"{page.name}: {command}"


# ---- What is given arrives ----

QEMU = r"""#!/bin/sh
# A QEMU that says what it was asked, and what the ISO's menu starts.
[ "$1 $2" != '-display help' ] || { echo none; exit 0; }
case "$*" in *'-monitor stdio'*) echo LVT0; exit 0 ;; esac
echo "asked: $*"
grep -ao 'multiboot /boot/[^ ]*' "$2" | head -n 1
if [ -n "$MEET" ]; then
	# Two runs at once: neither goes on before both are here.
	echo "$2" >"$MEET/$$"
	while [ "$(ls "$MEET" | wc -l)" -lt 2 ]; do sleep 0.1; done
	[ ! -f "$2" ] || grep -ao 'multiboot /boot/[^ ]* selftest=[a-z]*' "$2"
fi
exit ${STATUS:-33}
"""
need_grub = pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")


@pytest.fixture
def fake(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "qemu-system-i386").write_text(QEMU)
    (folder / "qemu-system-i386").chmod(0o755)
    return folder


@pytest.fixture
def start(fake, build):
    """make run over the kernels as they are, with that QEMU."""

    def start(*arguments, **environment):
        command = [
            "make",
            "-s",
            "-o",
            "kernels",
            "-o",
            "iso",
            f"BUILD={os.path.relpath(build, ROOT)}",
            "NO_INSTALL=1",
            "run",
            *arguments,
        ]
        environment = clean() | {"PATH": f"{fake}:{os.environ['PATH']}"} | environment
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.STDOUT,
        )

    return start


def test_gui_by_the_command_line_reaches_deps(fake):
    """What a window needs is asked for, whichever way the variable came."""
    for arguments, environment in ((["GUI=1"], {}), ([], {"GUI": "1"})):
        result = make("run", "NO_INSTALL=1", *arguments, path=fake, **environment)
        assert result.returncode == 2 and "Missing: qemu-system-gui" in result.stderr, (
            arguments,
            environment,
        )


def test_reverse_by_the_command_line_reaches_deps(tmp_path):
    """Going backwards needs qemu-img, which stands nowhere on this PATH."""
    for folder in os.environ["PATH"].split(":"):
        for file in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if file.name != "qemu-img" and not (tmp_path / file.name).is_symlink():
                (tmp_path / file.name).symlink_to(file)
    result = subprocess.run(
        ["make", "-s", "gdb", "NO_INSTALL=1", "REVERSE=1"],
        cwd=ROOT,
        env=clean() | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 2 and "Missing: qemu-utils" in result.stdout + result.stderr


@pytest.mark.parametrize(
    "given, closed", [([], True), (["GUI=0"], True), (["GUI="], True), (["GUI=1"], False)]
)
def test_gui_is_a_window(start, fake, given, closed):
    text = (fake / "qemu-system-i386").read_text()
    (fake / "qemu-system-i386").write_text(text.replace("echo none;", "echo gtk;"))
    said = start(*given).communicate()[0]
    assert "asked: " in said and ("-display none" in said) == closed, said


@need_grub
@pytest.mark.parametrize(
    "given, kernel",
    [
        ([], "tarn.elf"),
        (["PAE=0"], "tarn.elf"),
        (["PAE=0", "APPEND=exit"], "tarn.elf"),
        (["PAE=1"], "tarn-pae.elf"),
        (["PAE=1", "DEBUG=1", "POISON=0"], "tarn-pae-debug.elf"),
        (["PAE=1", "TESTS=0"], "tarn-pae-plain.elf"),
        (["PAE=1", "TESTS=1"], "tarn-pae.elf"),
    ],
)
def test_switches_choose_the_kernel(start, given, kernel):
    said = start(*given).communicate()[0]
    assert f"multiboot /boot/{kernel}\n" in said, said


@need_grub
def test_two_runs_at_once_have_an_iso_each(start, tmp_path):
    (tmp_path / "meet").mkdir()
    runs = [start(f"APPEND=selftest={name}", MEET=str(tmp_path / "meet")) for name in ("lib", "mm")]
    said = [run.communicate(timeout=HOST_LIMIT)[0] for run in runs]
    assert (
        "selftest=lib" in said[0].splitlines()[-1] and "selftest=mm" in said[1].splitlines()[-1]
    ), said
    isos = {ROOT / file.read_text().strip() for file in (tmp_path / "meet").iterdir()}
    assert len(isos) == 2
    assert not any(iso.parent.exists() for iso in isos), "what a run made stays behind"


@pytest.mark.parametrize(
    "qemu, append, status, word",
    [
        (33, "exit", 0, ""),
        (35, "exit", 2, "Error 35"),
        (1, "", 2, "Error 1"),
        (0, "", 0, ""),
        (0, "selftest=lib exit", 2, "No verdict: QEMU was quit, or the machine was reset."),
    ],
)
def test_the_verdict_is_the_exit_status(start, qemu, append, status, word):
    """As docs/boot.md says: make itself makes 2 of every failure."""
    run = start(f"APPEND={append}", STATUS=str(qemu))
    said = run.communicate()[0]
    assert run.returncode == status and word in said, said


@need_grub
def test_a_486_among_four_is_told(build):
    """QEMU gives each of several CPUs an APIC that a 486 does not announce: GRUB would wait for
    ever.
    """
    command = [
        "make",
        "-s",
        "-o",
        "kernels",
        "-o",
        "iso",
        f"BUILD={os.path.relpath(build, ROOT)}",
        "run",
        "CPU=486",
        "SMP=4",
        "MEM=64M",
    ]
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    limit = threading.Timer(HOST_LIMIT, os.killpg, (run.pid, signal.SIGKILL))
    limit.start()
    said = b""
    try:
        for line in run.stdout:
            said += line
            if lines.OLD_CPU.search(said.decode("latin-1")):
                break
    finally:
        limit.cancel()
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert b"CPU=486 has no local APIC, which several CPUs need: SMP=1 instead of 4." in said, said
    assert lines.OLD_CPU.search(said.decode("latin-1")), said


def test_an_empty_compiler_is_none():
    """make CC= chooses one, as make alone does."""

    def chosen(*words):
        text = subprocess.run(
            ["make", "-n", "-p", *words, "kernels"], cwd=ROOT, capture_output=True, text=True
        ).stdout
        return re.search(r"^(?:override )?CC :?= (.*)$", text, re.M)[1]

    assert chosen("CC=") == chosen() != ""
