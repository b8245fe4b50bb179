"""Programs that do what they can to the others (user/bin/hostile.c)."""

import re
from pathlib import Path

import pytest

from qemu import PASS, Machine, run
from test_shell import Shell

ROOT = Path(__file__).resolve().parents[2]
KINDS = re.findall(r'\{ "(\w+)", \w+ \}', (ROOT / "user/bin/hostile.c").read_text())
SHARES = ["readers", "waiters", "pipes", "files"]
KINDS = [kind for kind in KINDS if kind not in SHARES]
RESULT = re.compile(r"(not ok|ok) - (\w+)$", re.M)


@pytest.mark.parametrize("smp", ["1", "4"])
@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_hostile(kernel, smp, build):
    """Commands work meanwhile, no server ends, every page is given back."""
    append = "selftest=none run=hostile"
    boot = run(Machine(kernel, append=append, programs=True, smp=smp, memory="64M"), build)
    assert RESULT.findall(boot.text) == [("ok", name) for name in KINDS], boot.final_report
    assert boot.status == PASS and "died and is" not in boot.text, boot.final_report


@pytest.mark.parametrize("kind", SHARES)
def test_shares(kind, build):
    """Who takes all that a server has to give takes it from its own family."""
    with Shell(build) as shell:
        shell.run(f"hostile {kind} &")
        shell.check("sleep 2 | cat; seq 3 | head -2 | tail -1", "2\n")
        shell.check("ls /bin | grep -c seq; date > now; wc -l < now", "1\n1\n")
        shell.run("kill %1; rm now")


def test_at_the_prompt(build):
    """The next command works; Ctrl-C and kill end what it was."""
    with Shell(build) as shell:
        for kind in ("loop", "memory"):
            shell.run(f"hostile {kind} &")
            assert re.search("^still here$", shell.run("echo still here | cat"), re.M)
            shell.run("kill %1")
            while shell.run("jobs").strip():
                pass
        for kind in ("loop", "fork"):
            shell.begin(f"sh -c 'echo begin; hostile {kind}'", "begin\n")
            shell.cancel()
        shell.run("hostile garbage")
        assert re.search("^and here$", shell.run("echo and here | cat"), re.M)


def test_storm(build):
    """Many that die at once of a large program: proc goes on answering, and no status is lost."""
    with Shell(build, smp="4") as shell:
        shell.run("seq 500000 > pad; cat /bin/hostile pad > large")
        text = shell.run("/large storm")
        assert re.search(r"^(\d+) of \1 crashed$", text, re.M), text
        assert "died and is" not in shell.boot.text, shell.boot.report("storm")


def test_programs(build):
    """Programs of the largest size, one after the other, and one with the most pages."""
    with Shell(build, memory="512M") as shell:
        shell.check("/bin/hostile programs", "34 of 34 programs ran\n")
        shell.check("seq 2", "1\n2\n")


def test_no_shell(build):
    """Said once; a process that is left can bring it back."""
    with Shell(build) as shell:
        shell.run("cp /bin/sh spare; sh -c 'sleep 4; cp spare /bin/sh' &")
        shell.run("rm /bin/sh")
        assert shell.run("exit").count("no first process: ENOENT") == 1
        shell.check("echo here | cat", "here\n")
