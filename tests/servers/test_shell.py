"""The shell and its programs, at the prompt."""

import fcntl
import random
import re
import subprocess

import pytest

from qemu import PASS
from shell import BOTH, BUILDS, CANCELLED, PROMPT, Shell


def checksum(data):
    """What cksum prints of it on the host."""
    return subprocess.run(["cksum"], input=data, capture_output=True, check=True).stdout.decode()


def numbers(last):
    """As seq prints them."""
    return b"".join(b"%d\n" % n for n in range(1, last + 1))


@BUILDS
def test_lines(kernel, build):
    """Pipelines, redirection, lists, variables, quotes, statuses, folders."""
    with Shell(build, kernel) as shell:
        shell.check("seq 1 1000 | grep 7 | sort -rn | head -2", "997\n987\n")
        shell.check("seq 20000 | wc", "  20000   20000  108894\n")
        shell.check("seq 3 > three; seq 4 5 >> three; wc < three", "      5       5      10\n")
        shell.check("true && echo yes || echo no; false && echo yes || echo no", "yes\nno\n")
        shell.check("false; echo $?; nosuch 2> error; echo $?", "1\n127\n")
        shell.check("grep -c such error", "1\n")
        shell.check("echo Such | grep -i sUCH; echo Such | grep -c sUCH", "Such\n0\n")
        shell.check("seq 20000 | wc -l; wc -wc three", "20000\n      5      10 three\n")
        shell.check("sh -c 'sleep 1000 & kill -9 $!; wait; echo $?'", "137\n")
        shell.check("sh -c 'sleep 1000 & kill -9 %1; wait; echo $?'", "137\n")
        shell.check("A='a  b'; echo $A \"<$A>\" '$A' \\$A", "a  b <a  b> $A $A\n")
        shell.check("sh -c 'echo $A; exit 5'; echo $?", "a  b\n5\n")
        shell.check("true | false; echo $?; false | true; echo $?", "1\n0\n")
        shell.check("echo 'echo $1-$2; exit 3' > script; sh script x y; echo $?", "x-y\n3\n")
        shell.check("cd /bin; echo pm* '*' nosuch*; cd; echo /bin/p?", "pmap * nosuch*\n/bin/ps\n")
        shell.check("ls nosuch 2>&1 >/dev/null | grep -c nosuch; cat /dev/null", "1\n")
        shell.check("true 3>x", "sh: only 0, 1 and 2 can stand before < or >\n")
        shell.check("mkdir -?; mkdir folder && cd folder; pwd | cat", USAGE + "/folder\n")
        shell.check("cp ../three a; mv a b; tail -1 b; ls .", "5\nb\n")
        shell.check("cd; rm -r folder three; ls folder", "ls: folder: no such file or folder\n")
        shell.check("echo 0123456789abcdef | hexdump | head -1", HEX)
        shell.check("test 3 -gt 2 && test ! -e nothing; echo $?", "0\n")
        shell.check("/bin/test 3 -gt 2 && /bin/test a = b; echo $?", "1\n")
        shell.check("trace echo hi 2> calls | cat; grep -c endpoint calls", "hi\n2\n")
        assert re.fullmatch(TRACED, shell.run("trace echo hi")), shell.boot.report("trace")


USAGE = "usage: mkdir [-p] FOLDER...\n"
TRACED = (
    r'hi\nipc_call\(endpoint con, tag CON_WRITE "hi\.", .*\) = 3, 0\n'
    r"ipc_call\(endpoint proc, tag PROC_EXIT, word0 0, .*\)\n"
)
HEX = "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"


@BUILDS
def test_jobs(kernel, build):
    with Shell(build, kernel) as shell:
        assert re.fullmatch(r"\[1\] \d+\n", shell.run("sleep 1000 | cat &"))
        assert re.fullmatch(r"\[2\] \d+\n", shell.run("sleep 2000 &"))
        listed = r"\[1\] \d+: sleep 1000 \| cat\n\[2\] \d+: sleep 2000\n"
        assert re.fullmatch(listed, shell.run("jobs")), shell.boot.report("jobs")
        assert re.fullmatch(listed, shell.run("jobs | cat")), shell.boot.report("jobs | cat")
        shell.check("fg 2>&1 >/dev/null | cat", "sh: only the shell itself can wait for its jobs\n")
        shell.run("kill %1")
        shell.wait_for_end("sleep 1000 | cat")
        shell.begin("fg", "sleep 2000\n")
        shell.cancel()
        shell.check("echo $?; jobs", "137\n")
        shell.check("fg; fg %2", "sh: no job in the background\nsh: no job %2\n")
        shell.run("sh -c 'exit 5' &")
        shell.wait_for_end("sh -c 'exit 5'", 5)
        assert re.fullmatch(r"\[1\] \d+\n3\n", shell.run("sh -c 'exit 3' & wait; echo $?"))
        shell.begin("sh -c 'yes | head -1; cat'", "y\n")
        shell.boot.type("typed\r")
        shell.wait_for(re.compile("typed\ntyped\n"))
        shell.cancel()


@BUILDS
def test_200_processes(kernel, build):
    """All at once, in four pipelines; and bytes that go through 60 of them."""
    with Shell(build, kernel, smp="4") as shell:
        before = shell.run("ps > list; grep -vc nobody list")
        for _ in range(4):
            shell.run(" | ".join(["sleep 1000"] * 50) + " &")
        shell.check("ps | grep -c sleep", "200\n")
        shell.check("echo still there", "still there\n")
        shell.run("kill %1 %2 %3 %4; wait")
        shell.check("ps > list; grep -vc nobody list", before)
        shell.check("seq 2000 | " + "cat | " * 58 + "cksum", checksum(numbers(2000)))


@BOTH
def test_large_file(kernel, build):
    """More than 64 MiB through a pipe; the file outlives ramfs."""
    wanted = checksum(numbers(100000) * 128)
    with Shell(build, kernel, smp="4", memory="512M") as shell:
        shell.run("seq 100000 > a; cat a a a a a a a a > b; rm a; cat b b b b b b b b > a")
        shell.run("cat a a > large; rm a b")
        shell.check("cat large | cksum", wanted)
        shell.run("kill ramfs")
        shell.check("cksum < large", wanted)


def free_kib(shell):
    return int(re.search(r"^all +\d+ +(\d+)", shell.run("free"), re.M)[1])


@BOTH
def test_closed_pipes(kernel, build):
    """What was in a dozen full ones is free again when they are closed."""
    with Shell(build, kernel) as shell:
        shell.run("seq 30 | sleep 2 & " * 12 + "wait")
        before = free_kib(shell)
        shell.run("seq 30000 | sleep 2 & " * 12 + "wait")
        assert before - free_kib(shell) < 600  # of 768 and more


@BOTH
def test_full_store(kernel, build):
    """Files have half of the memory, say what is wrong when they would have more, and give it back,
    of a store with holes too, which a new ramfs takes over."""
    with Shell(build, kernel, memory="64M") as shell:
        shell.run("seq 100000 > a; cat a a a a a a a a > b; rm a")
        before = free_kib(shell)
        said = shell.run("cat b b b > c; cat b b b b b b > d")
        assert set(said.splitlines()) == {"cat: no room for files"}, said
        shell.check("cp b e; echo $?", "cp: b: no room for files\n1\n")
        shell.check("echo lost > e; echo $?", "output: no room for files\n1\n")
        assert shell.run("cat b >> d; echo $?").endswith("no room for files\n1\n")
        assert free_kib(shell) > 8 << 10
        shell.run("rm c; kill ramfs")
        sums = checksum(numbers(100000) * 8).replace("\n", " b\n")
        shell.check("cksum b", sums)
        shell.run("kill ramfs; rm d e")
        assert abs(free_kib(shell) - before) < 1 << 10
        shell.check("cksum b", sums)


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
        # In a program that has set mode raw before the shell could name it.
        for _ in range(10):
            shell.begin("vmstat 1", "-+ free")
            shell.cancel()
        assert not re.search(r"^(later|lost)$", shell.boot.text, re.M), shell.boot.report("lost")


@BOTH
def test_keys(kernel, build):
    """The line editor: arrows, history, completion; and input that makes no sense."""
    with Shell(build, kernel) as shell:
        shell.check("echo bc\x1b[D\x1b[Da\x05d", "abcd\n")
        shell.check("\x1b[A", "abcd\n")
        shell.check("echo one; echo twoo\x1b[D\x1b[3~\x01echo zero; \x05 \x17three", TYPED)
        shell.check("\x1b[A\x1b[A\x1b[B\x0b", TYPED)
        shell.check("ech\txy", "xy\n")
        shell.check("ls /bin/tru\t", "/bin/true\n")
        shell.run("mkdir afolder; echo found > afolder/afile")
        shell.check("cat af\taf\t", "found\n")
        shell.boot.type("he\t")
        shell.wait_for(re.compile(r"\nhelp.*head.*hello.*hexdump.*\n"))
        shell.cancel()
        shell.check("echo " + "x" * 1000 + " | wc", "      1       1    1001\n")
        shell.check("'", "sh: a quote is not closed\n")
        shell.check("| ;", "sh: a command is missing\n")
        shell.check("echo still there", "still there\n")


TYPED = "zero\none\nthree\n"


@BOTH
def test_odd_input(kernel, build):
    """Bytes without meaning at the prompt and in programs, and lines too long for both."""
    odd = random.Random(12)
    with Shell(build, kernel) as shell:
        shell.boot.type("y" * 3000 + "\x15")
        shell.boot.type("".join(chr(c) for c in range(256) if c not in (3, 4, 10, 13)))
        shell.cancel()
        for count in range(20):  # Ctrl-D would end the shell
            typed = "".join(chr(c) for c in odd.choices(range(256), k=200) if c != 4)
            shell.boot.type(f"{typed}\x03echo still there {count}\r")
            shell.wait_for(re.compile(rf"\nstill there {count}\ntarn:\S+\$ "))
        shell.boot.type("cat > long\r" + "x" * 5000 + "\r\x04")
        shell.wait_for(re.compile(r"\a\n(?s:.*)tarn:\S+\$ "))
        shell.check("wc long", "      1       1    4096 long\n")
        shell.check("sort long long | wc", LONG)
        shell.run("cat /bin/true; echo; echo")
        shell.check("cat /bin/true | cat > same; cksum < same", shell.run("cksum < /bin/true"))
        shell.check("echo still there", "still there\n")


LONG = "      2       2    8192\n"


@BOTH
def test_interrupts_everywhere(kernel, build):
    """In the midst of a line, of a list of names, of programs that read, write, start others."""
    with Shell(build, kernel) as shell:
        for typed in ("echo", "echo 'a", "\t\t", "ls /bin/\t", "\x1b[A", "\x1b[", "x" * 2000):
            shell.boot.type(typed)
            shell.cancel()
        lines = {
            "yes": r"y\ny\n",
            "yes | cat | cat": r"y\ny\n",
            "echo begin; cat": "begin\n",
            "echo begin; sort | wc": "begin\n",
            "echo begin; yes | wc": "begin\n",
            "trace yes": r"y\nipc_call",
            "vmstat 1": r"-+ free",
            "time sh -c 'echo begin; sleep 1000 | cat'": "begin\n",
        }
        for line, said in lines.items():
            shell.begin(line, said)
            shell.cancel()
            shell.check("echo $?", "137\n")
        shell.check("ps | grep -c yes; ps | grep -c sleep", "0\n0\n")


def test_the_machine(build):
    """Programs that show the machine, and poweroff; top and vmstat go on until q."""
    with Shell(build, extra=["-rtc", "base=2031-05-06T07:08:09"]) as shell:
        assert shell.run("date").startswith("2031-05-06 07:0"), shell.boot.report("date")
        assert re.fullmatch(r" +2  2031-05-06 07:0.  new\n", shell.run("echo 1 > new; ls -l new"))
        assert re.search(r"^NORMAL +\d+ +\d+", shell.run("free"), re.M)
        assert re.search(r"^  1 +\d+ +\d+", shell.run("vmstat"), re.M)
        assert re.search(PMAP, shell.run("pmap 1"))
        shell.begin("vmstat 1", r"-+ free.*\n.*\n *\d+ .*\n *\d+ .*\n")
        shell.boot.type("q")
        shell.wait_for(PROMPT)
        shell.begin("top", r"(?s:.*)PID  STATE(?s:.*)PID  STATE")
        shell.boot.type("q")
        shell.wait_for(re.compile(r"tarn:/\$ "))
        assert "ipc_call(" in shell.run("trace true")
        shell.boot.type("poweroff\r")
        assert shell.boot.wait_for_exit() == PASS, shell.boot.report("poweroff")


PMAP = (
    r"-[0-9a-f]{8} r-x .* text\n.* r-- .* constants\n(.* rw- .* data and heap\n)+.* stack\n"
    r"all +\d+ KiB +\d+ own +\d+ shared\n$"
)


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
