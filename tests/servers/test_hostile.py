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
