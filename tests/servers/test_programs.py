"""What the programs of /bin take, say and refuse, at the prompt."""

from shell import Shell

WITHOUT_ARGUMENTS = "clear date free poweroff ps reboot top uptime".split()
WITH_SOME = (
    "cat cksum cp grep head hexdump kill ls mkdir mv pmap rm seq sleep sort tail time vmstat wc"
).split()


def test_usage(build):
    """-? tells how each is used, and does nothing else; what a program does not take is refused."""
    with Shell(build) as shell:
        for name in WITHOUT_ARGUMENTS:
            for word in ("-?", "-h", "word"):
                shell.check(f"{name} {word}; echo $?", f"usage: {name}\n2\n")
        for name in WITH_SOME:
            said = shell.run(f"{name} -?; echo $?")
            assert said.startswith(f"usage: {name} ") and said.endswith("\n2\n"), said
        shell.check("mkdir -x", "mkdir: there is no option -x\nusage: mkdir FOLDER...\n")


def test_machine(build):
    """What shows the machine fits the screen, into a pipe too, and ends with who reads it."""
    with Shell(build) as shell:
        for line in ("vmstat", "vmstat 1 2", "vmstat -?", "free"):
            said = shell.run(line).splitlines()
            assert said and max(map(len, said)) < 80, said
        assert len(shell.run("vmstat 1 3").splitlines()) == 5
        assert len(shell.run("vmstat 1 | head -4").splitlines()) == 4
        assert shell.run("top | head -1").startswith("up 0:0")
