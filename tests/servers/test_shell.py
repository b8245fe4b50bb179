"""The shell and its programs, driven over the serial line: a line is typed when the prompt is
there, and its output ends where the next prompt begins.  Nothing waits for a time."""

import fcntl
import re

import pytest

from qemu import PASS, Boot, Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
# Behind the echo of Enter: the output, and the next prompt, in its folder.
ANSWER = re.compile(r"\n((?:.*\n)*?)tarn:(\S+)\$ ")
PROMPT = re.compile(r"^tarn:(\S+)\$ ", re.M)
CANCELLED = re.compile(r"\^C\ntarn:\S+\$ ")


class Behind:
    """A pattern that is looked for from a place of the console's text on."""

    def __init__(self, pattern, place):
        self.compiled, self.place, self.pattern = pattern, place, pattern.pattern

    def search(self, text):
        return self.compiled.search(text, self.place)


class Shell:
    def __init__(self, build, kernel="2level", **machine):
        machine = {"smp": "2", "memory": "256M", "append": "selftest=none", **machine}
        self.boot = Boot(Machine(kernel, programs=True, typed=True, **machine), build)
        self.place = 0

    def __enter__(self):
        self.wait_for(PROMPT)
        return self

    def __exit__(self, *exception):
        self.boot.__exit__(*exception)

    def wait_for(self, pattern):
        match = self.boot.wait_for(Behind(pattern, self.place))
        self.place = match.end()
        return match

    def run(self, line):
        """What the line prints."""
        self.boot.type(line + "\r")
        return self.wait_for(ANSWER)[1]

    def begin(self, line, said):
        """Types a line that does not end, and waits for what it prints."""
        self.boot.type(line + "\r")
        self.wait_for(re.compile(r"\n" + said))

    def cancel(self):
        """Ctrl-C, for the line that is typed or the program in front."""
        self.boot.type("\x03")
        self.wait_for(CANCELLED)

    def wait_for_end(self, job):
        """Until the shell, which looks at each prompt, tells that the job has ended."""
        while f" ended with 137: {job}" not in self.boot.text:
            self.run("true")

    def check(self, line, wanted):
        seen = self.run(line)
        assert seen == wanted, self.boot.report(f"{line!r} printed {seen!r}, not {wanted!r}")


@BOTH
def test_lines(kernel, build):
    """Pipelines, redirection, lists, variables, quotes, statuses, folders."""
    with Shell(build, kernel) as shell:
        shell.check("seq 1 1000 | grep 7 | sort -rn | head -2", "997\n987\n")
        shell.check("seq 20000 | wc", "  20000   20000  108894\n")
        shell.check("seq 3 > three; seq 4 5 >> three; wc < three", "      5       5      10\n")
        shell.check("true && echo yes || echo no; false && echo yes || echo no", "yes\nno\n")
        shell.check("false; echo $?; nosuch 2> error; echo $?", "1\n127\n")
        shell.check("grep -c such error", "1\n")
        shell.check("A='a  b'; echo $A \"<$A>\" '$A' \\$A", "a  b <a  b> $A $A\n")
        shell.check("sh -c 'echo $A; exit 5'; echo $?", "a  b\n5\n")
        shell.check("echo 'echo $1-$2; exit 3' > script; sh script x y; echo $?", "x-y\n3\n")
        shell.check("mkdir -?; mkdir folder && cd folder; pwd | cat", USAGE + "/folder\n")
        shell.check("cp ../three a; mv a b; tail -1 b; ls .", "5\nb\n")
        shell.check("cd; rm -r folder three; ls folder", "folder: no such file or folder\n")
        shell.check("echo 0123456789abcdef | hexdump | head -1", HEX)
        shell.check("test 3 -gt 2 && test ! -e nothing; echo $?", "0\n")


USAGE = "mkdir: there is no option -?\nusage: mkdir FOLDER...\n"
HEX = "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"


@BOTH
def test_ends(kernel, build):
    """Jobs, a killed program, Ctrl-C, servers that come back."""
    with Shell(build, kernel) as shell:
        assert re.fullmatch(r"\[1\] \d+\n", shell.run("sleep 1000 | cat &"))
        assert re.fullmatch(r"\[1\] \d+: sleep 1000 \| cat\n", shell.run("jobs"))
        shell.run("kill %1")
        shell.wait_for_end("sleep 1000 | cat")
        shell.begin("sh -c 'echo begin; sleep 1000'", "begin\n")
        shell.cancel()
        shell.check("echo $?", "137\n")
        shell.begin("sh -c 'yes | head -1; cat'", "y\n")
        shell.boot.type("typed\r")
        shell.wait_for(re.compile("typed\ntyped\n"))
        shell.cancel()
        for server in ("names", "con", "ramfs", "proc", "pipe"):
            shell.run(f"kill {server}")
            shell.check(f"echo {server} > file; cat file | cat", f"{server}\n")
        assert re.search(r"^ +1 +0 .* sh$", shell.run("ps"), re.M)


@BOTH
def test_the_interrupt_key(kernel, build):
    """Ctrl-C ends what runs, and the rest of its line, whenever it comes."""
    with Shell(build, kernel) as shell:
        shell.begin("echo begin; sleep 1000; echo later", "begin\n")
        shell.cancel()
        # Ahead of the program: typed before the shell has read the line.
        shell.boot.type("sleep 1000; echo later\r\x03")
        shell.wait_for(CANCELLED)
        # Between the commands of a list, at their starts and ends.
        for _ in range(20):
            shell.begin("echo begin; " + "true; " * 50 + "sleep 5; echo lost", "begin\n")
            shell.cancel()
        assert not re.search(r"^(later|lost)$", shell.boot.text, re.M), shell.boot.report("lost")


@BOTH
def test_keys(kernel, build):
    """The line editor: arrows, history, completion; and input that makes no sense."""
    with Shell(build, kernel) as shell:
        shell.check("echo bc\x1b[D\x1b[Da\x05d", "abcd\n")
        shell.check("\x1b[A", "abcd\n")
        shell.check("ech\txy", "xy\n")
        shell.check("ls /bin/tru\t", "/bin/true\n")
        shell.boot.type("he\t")
        shell.wait_for(re.compile(r"\nhelp.*head.*hello.*hexdump.*\n"))
        shell.cancel()
        shell.check("echo " + "x" * 1000 + " | wc", "      1       1    1001\n")
        shell.boot.type("y" * 3000 + "\x15")
        shell.boot.type("".join(chr(c) for c in range(256) if c not in (3, 4, 10, 13)))
        shell.cancel()
        shell.check("'", "sh: a quote is not closed\n")
        shell.check("| ;", "sh: a command is missing\n")
        shell.check("echo still there", "still there\n")


def test_the_machine(build):
    """Programs that show the machine, and poweroff; top and vmstat go on until q."""
    with Shell(build) as shell:
        assert re.search(r"^NORMAL +\d+ +\d+", shell.run("free"), re.M)
        assert re.search(r"^  1 +\d+ +\d+", shell.run("vmstat"), re.M)
        assert re.search(r"^[0-9a-f]{8}-[0-9a-f]{8} r-x .*program", shell.run("pmap 1"), re.M)
        shell.begin("vmstat 1", r"-+ free(?s:.*)\n +\d+ .*\n +\d+ .*\n")
        shell.boot.type("q")
        shell.wait_for(PROMPT)
        shell.begin("top", r"(?s:.*)PID  STATE(?s:.*)PID  STATE")
        shell.boot.type("q")
        shell.wait_for(re.compile(r"tarn:/\$ "))
        assert "ipc_call(" in shell.run("trace true")
        shell.boot.type("poweroff\r")
        assert shell.boot.wait_for_exit() == PASS, shell.boot.report("poweroff")


@pytest.mark.parametrize("end", ["poweroff", "exit"])
def test_all_is_shown_at_the_end(end, build):
    """The machine ends when the serial line has taken what was written, however slow it is."""
    much = "".join(f"{n}\n" for n in range(1, 3001))
    with Shell(build, smp="1", append="selftest=none run=sh exit") as shell:
        boot = shell.boot
        shell.run("seq 3000 > much")
        fcntl.fcntl(boot.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        with boot.changed:  # nobody reads: most of it waits in con
            boot.type(f"cat much; {end}\r")
            while boot.process.poll() is None and not (on_screen(boot, "3000") and halts(boot)):
                boot.check_limit("the machine does not come to its end")
        assert boot.wait_for_exit() == PASS, boot.report(end)
        assert boot.text.endswith(f"{end}\n{much}"), boot.report(
            f"the end is lost: {boot.text[-30:]!r}"
        )


def halts(boot):
    return boot.halted() == [True]


def on_screen(boot, text):
    """Whether a row begins so; the console's text is no longer looked at."""
    try:
        return any(row.startswith(text) for row in boot.screen())
    except (OSError, ValueError):
        return False  # QEMU has just ended
