"""Compilers as other distributions set them up: what is on by default is switched off again."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from qemu import tool

ROOT = Path(__file__).resolve().parents[2]
CROSS = "i686-linux-gnu-gcc"
# Ubuntu's, and Fedora's -fhardened.
DEFAULTS = (
    "-fcf-protection -fstack-protector-strong -fstack-clash-protection -fPIE -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero "
    "-fzero-call-used-regs=used-gpr"
)
need_gcc = pytest.mark.skipif(
    tool("cc").rpartition("/")[2] not in (CROSS, "i686-elf-gcc", "gcc"),
    reason="no GCC for the i386",
)


def wrapper(folder, body):
    """A compiler that is the real one behind a few lines of shell."""
    real = tool("cc")
    real = f"{real} -m32" if real == "gcc" else real
    program = folder / CROSS
    program.write_text(
        f'#!/bin/sh\necho "$*" >>{folder}/log\n{body}\nexec {real} {{}} "$@"\n'.replace("{}", "")
    )
    program.chmod(0o755)
    return program


def run(*command, **environment):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    } | environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@need_gcc
def test_a_distributions_defaults(tmp_path):
    """With them on, GCC refuses -march=pentium, and calls what a kernel has not."""
    program = wrapper(tmp_path, f'set -- {DEFAULTS} "$@"')
    alone = run(program, "-march=pentium", "-c", "-x", "c", "/dev/null", "-o", "/dev/null")
    assert "-fcf-protection" in alone.stderr, "this compiler does not show the fault"
    built = run(
        "make", "-s", f"CC={program}", f"BUILD={tmp_path}/b", "WERROR=1", f"{tmp_path}/b/tarn.elf"
    )
    assert built.returncode == 0, built.stderr[-2000:]
    names = run("nm", f"{tmp_path}/b/2level/kernel/main.c.o").stdout
    assert not re.search(r"__stack_chk|_GLOBAL_OFFSET_TABLE_|__\w+_chk", names)


def known(tmp_path, program, *flags):
    return run(
        "sh", "tools/compiler.sh", "known", tmp_path / "answer", str(program), *flags
    ).stdout.split()


@need_gcc
def test_a_compiler_is_asked_once(tmp_path):
    program = wrapper(tmp_path, "")
    assert known(tmp_path, program, "-O2", "-fno-pic") == ["-O2", "-fno-pic"]
    asked = (tmp_path / "log").read_text()
    assert known(tmp_path, program, "-O2", "-fno-pic") == ["-O2", "-fno-pic"]
    assert (tmp_path / "log").read_text() == asked, "it was asked again"
    program.write_text(program.read_text() + "# another version of it\n")
    assert known(tmp_path, program, "-O2", "-fno-pic") == ["-O2", "-fno-pic"]
    assert (tmp_path / "log").read_text() != asked, "it has changed, and was not asked again"


@need_gcc
def test_flags_that_a_compiler_does_not_know_are_left_out(tmp_path):
    program = wrapper(
        tmp_path, 'for flag in "$@"; do [ "$flag" != -fcf-protection=none ] || exit 1; done'
    )
    assert known(tmp_path, program, "-O2", "-fcf-protection=none", "-fno-such-thing", "-g") == [
        "-O2",
        "-g",
    ]


@pytest.mark.parametrize(
    "makefile, goal",
    [("Makefile", "kernels"), ("tests/host/Makefile", "all"), ("tests/interleave/Makefile", "all")],
)
def test_a_warning_is_an_error_only_if_asked_for(makefile, goal, tmp_path):
    for value, error in (("1", True), ("0", False), ("", False)):
        text = run(
            "make", "-n", "-f", makefile, goal, f"WERROR={value}", f"BUILD={tmp_path}"
        ).stdout
        assert (" -Werror " in text) == error and "-Wall" in text, f"WERROR={value}"
