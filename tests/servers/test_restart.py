"""Servers that are killed at the prompt, ten times each, and come back."""

import re

from shell import BUILDS, Shell

SERVERS = ("names", "con", "ramfs", "proc", "pipe")


def died(boot, server):
    return len(re.findall(rf"^root: {server} died and is started again$", boot.text, re.M))


@BUILDS
def test_kill_ten_times(kernel, build):
    """The next command works; files and jobs outlive every server."""
    with Shell(build, kernel) as shell:
        shell.run("seq 10000 > kept; mkdir folder; echo within > folder/file; sleep 1000 &")
        sum_before = shell.run("cksum kept")
        for server in SERVERS:
            for count in range(1, 11):
                shell.run(f"kill {server}")
                shell.check(f"echo {server} {count} > file; cat file | cat", f"{server} {count}\n")
            shell.check("cksum kept", sum_before)
            assert died(shell.boot, server) == 10, shell.boot.report(f"{server} died")
        shell.check("cat folder/file", "within\n")
        assert re.fullmatch(r"\[1\] \d+: sleep 1000\n", shell.run("jobs"))
        shell.run("kill %1")
        shell.wait_for_end("sleep 1000")
        assert re.search(r"^ +1 +0 .* sh$", shell.run("ps"), re.M), shell.boot.report("ps")


@BUILDS
def test_kill_in_the_midst(kernel, build):
    """While others work: what they had begun ends, or is told to have failed, and no later."""
    with Shell(build, kernel, smp="4") as shell:
        for server in SERVERS:
            shell.run("sh -c 'seq 3000 | sort -rn | sort -n | cksum > sum' &")
            shell.run(f"kill {server}")
            shell.run("wait")
            shell.check(f"echo {server}", f"{server}\n")
