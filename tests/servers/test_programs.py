"""What the programs of /bin take, say and refuse, at the prompt."""

from shell import Shell

WITHOUT_ARGUMENTS = "clear date free poweroff ps reboot top uptime".split()
WITH_SOME = (
    "cat cksum cp grep head hexdump kill ls mkdir mv pmap rm seq sleep sort tail time touch vmstat wc"
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
        shell.check("mkdir -x", "mkdir: there is no option -x\nusage: mkdir [-p] FOLDER...\n")


def test_machine(build):
    """What shows the machine fits the screen, into a pipe too, and ends with who reads it."""
    with Shell(build) as shell:
        for line in ("vmstat", "vmstat 1 2", "vmstat -?", "free"):
            said = shell.run(line).splitlines()
            assert said and max(map(len, said)) < 80, said
        assert len(shell.run("vmstat 1 3").splitlines()) == 5
        assert len(shell.run("vmstat 1 | head -4").splitlines()) == 4
        assert shell.run("top | head -1").startswith("up 0:0")


def test_options(build):
    """Options that hands type by habit."""
    with Shell(build) as shell:
        shell.check("mkdir -p a/b/c /a/b; mkdir -p a/b/c && ls -1 a a/b", "a:\nb/\na/b:\nc/\n")
        shell.check("touch a/b/f; ls a/b | cat; ls -la a/b | grep -c 0", "c/\nf\n2\n")
        shell.check("seq 3 > a/f; touch a/f; cat a/f | wc -l", "3\n")
        shell.check("cp -r a z; cp -r a z; ls -1 z z/a/b/; cat z/a/f", COPIED)
        shell.check("ls -d a a/b/f z", "a/      a/b/f   z/\n")
        shell.check("rm nosuch; rm -f nosuch && rm -f && rm -rf a z && ls -d a", GONE)
        shell.check(
            "echo b > t; seq 2 >> t; echo b >> t; sort -u t; sort -ru t", "1\n2\nb\nb\n2\n1\n"
        )
        shell.check("seq 1 4 9; seq 3 -2 -1; seq 5 1", "1\n5\n9\n3\n1\n-1\n")
        shell.check("seq 3 5 | cat -n", "     1  3\n     2  4\n     3  5\n")
        shell.check("seq 5 | tail -n +4; echo abcdef | head -c 4; echo", "4\n5\nabcd\n")
        took = shell.run("time sleep 1.25")
        assert took.startswith("1.2") or took.startswith("1.3"), took
        shell.check("sleep 0.5x", "usage: sleep SECONDS\n")


COPIED = "z:\na/\nb/\nf\nz/a/b/:\nc/\nf\n1\n2\n3\n"
GONE = "rm: nosuch: no such file or folder\nls: a: no such file or folder\n"


def test_errors(build):
    """A message names the program, and the file that is at fault."""
    with Shell(build) as shell:
        shell.run("touch f g; mkdir a b")
        shell.check("cat nosuch", "cat: nosuch: no such file or folder\n")
        shell.check("mv f /nosuch/x", "mv: /nosuch/x: no such file or folder\n")
        shell.check("cp nosuch f", "cp: nosuch: no such file or folder\n")
        shell.check(
            "cp f ./f; mv f .", "cp: f and ./f are the same file\nmv: f and ./f are the same file\n"
        )
        shell.check("cp f g /bin/nosuch; echo $?", "cp: /bin/nosuch: not a folder\n1\n")
        shell.check("cp a c; cp -r a a", "cp: a: is a folder\ncp: a: invalid argument\n")
        shell.check("kill 200; kill 300; kill 999", NOBODY)
        shell.check("ls -l nosuch b", "ls: nosuch: no such file or folder\nb:\n")


NOBODY = "".join(f"kill: {pid}: no such process\n" for pid in (200, 300, 999))
