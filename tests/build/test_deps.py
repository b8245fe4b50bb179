"""tools/deps.sh on a machine that is made up: programs that it finds are links, apt-get and dpkg
are scripts that write down what they were asked."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What the script itself runs, and what a build needs.
HOST = "sh env dirname sort tr grep cat uname head id mkdir touch make nm objcopy ld i686-linux-gnu-gcc i686-linux-gnu-nm".split()

APT_GET = r"""#!/bin/sh
# Words without options: what is asked, then packages.
echo "apt-get $*" >>"$LOG"
words=''
for word in "$@"; do
	case $word in -*simulate) words=simulate ;; -o | -* | *=*) ;; *) words="$words $word" ;; esac
done
case $words in
*update*)
	[ ! -s "$STATE/failing" ] && touch "$STATE/lists" && exit 0
	left=$(cat "$STATE/failing")
	echo "E: Failed to fetch a list of packages: File has unexpected size. Mirror sync in progress?" >&2
	if [ "$left" -gt 1 ]; then echo $((left - 1)) >"$STATE/failing"; else : >"$STATE/failing"; fi
	[ ! -e "$STATE/unrelated" ] || touch "$STATE/lists"
	exit 100
	;;
simulate*)
	[ -e "$STATE/lists" ] || exit 100
	case $words in *:i386*) [ -e "$STATE/i386" ] || exit 100 ;; esac
	case $words in *qemu*) [ ! -e "$STATE/no-qemu" ] || exit 100 ;; esac
	;;
*install*)
	for package in $words; do
		[ "$package" = install ] || { echo '#!/bin/sh' >"$BIN/$package" && chmod +x "$BIN/$package"; }
	done
	[ ! -e "$BIN/qemu-system-x86" ] || cp "$BIN/qemu-system-x86" "$BIN/qemu-system-i386"
	;;
esac
"""
DPKG = r"""#!/bin/sh
echo "dpkg $*" >>"$LOG"
case $1 in --add-architecture) touch "$STATE/i386" ;; --print-foreign-architectures) ;; esac
"""


def needed(goal):
    """Packages that the script may ask for, by the functions that its table of goals names."""
    text = (ROOT / "tools/deps.sh").read_text()
    bodies = dict(
        re.findall(r"^(\w+_needs|want_i386)\(\) (\{\n.*?^\}|\{ [^\n]*\})$", text, re.M | re.S)
    )
    row = re.search(rf"^\t(?:\w+ \| )?{goal}(?: \| \w+)?\) ?(.*?);;", text, re.M | re.S)[1]
    names = ["build_needs", *re.findall(r"\w+_needs", row)] + (
        ["want_i386"] if "host_needs" in row else []
    )
    words = "".join(bodies[name] for name in names)
    return {
        word
        for line in re.findall(r"(?:\bneed|foreign=)((?: ?[\w.+:-]+)+)", words)
        for word in line.split()
    }


def test_every_goal_of_the_tests_has_its_row():
    """Whoever types a goal on a bare machine gets what it needs."""
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", (ROOT / "tests/Makefile").read_text(), re.M)[1]
    goals = [word for word in phony.split() if word != "\\"]
    patterns = re.findall(r"^\t([\w.* |-]+)\)", (ROOT / "tools/deps.sh").read_text(), re.M)
    rows = {goal for pattern in patterns for goal in pattern.split(" | ")}
    assert len(goals) > 8 and set(goals) <= rows, set(goals) - rows


def test_the_readme_names_every_package():
    section = (ROOT / "README.md").read_text().partition("## Installing")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([^`\n]+)`", section))
    packages = needed("run") | needed("check")
    assert len(packages) > 15 and "libcmocka-dev:i386" in packages
    # A window is asked for by GUI=1 alone; on machines that are no PC another GDB is; make has been
    # there to ask.
    assert packages - named <= {
        "make",
        "binutils",
        "python3",
        "lld",
        "qemu-system-gui",
        "gdb-multiarch",
        "libc6-dev",
    }


class Host:
    """What is on it, and what was done to it."""

    def __init__(self, folder):
        self.bin, self.state, self.log = folder / "bin", folder / "state", folder / "log"
        self.bin.mkdir()
        self.state.mkdir()
        self.log.touch()
        for name in HOST:
            self.link(name)
        self.script("apt-get", APT_GET)
        self.script("dpkg", DPKG)
        self.script("dpkg-query", "#!/bin/sh\nexit 1\n")
        self.script("sleep", '#!/bin/sh\necho "sleep $*" >>"$LOG"\n')

    def link(self, name):
        if (real := shutil.which(name)) and not (self.bin / name).exists():
            (self.bin / name).symlink_to(real)

    def script(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def missing(self, name):
        (self.bin / name).unlink(missing_ok=True)

    def deps(self, *goals, **environment):
        self.environment = {
            "PATH": str(self.bin),
            "LOG": str(self.log),
            "STATE": str(self.state),
            "BIN": str(self.bin),
            **environment,
        }
        return subprocess.run(
            ["sh", ROOT / "tools/deps.sh", "", *goals],
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def asked(self, what):
        """Lines of the log that have this in them."""
        return [line for line in self.log.read_text().splitlines() if what in line]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_nothing_missing_asks_nobody(host):
    host.link("nasm")
    assert host.deps("kernels").returncode == 0
    assert host.log.read_text() == ""


def test_what_is_missing_is_said_and_installed(host):
    result = host.deps("kernels")
    assert result.returncode == 0, result.stderr
    assert "apt-get installs nasm" in result.stdout
    assert host.asked(" install -y") and (host.bin / "nasm").exists()


def test_one_list_that_fails_is_no_reason(host):
    """The packages can be had although update says no: no second try, no pause."""
    (host.state / "failing").write_text("9")
    (host.state / "unrelated").touch()
    result = host.deps("kernels")
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(host.asked("update")) == 1 and not host.asked("sleep")


def test_lists_that_are_being_renewed_are_fetched_again(host):
    (host.state / "failing").write_text("2")
    result = host.deps("kernels")
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(host.asked("update")) == 3 and len(host.asked("sleep")) == 2


def test_an_archive_that_stays_away_ends_with_the_lines_to_type(host):
    (host.state / "failing").write_text("99")
    result = host.deps("kernels")
    assert result.returncode == 1
    assert "Missing: nasm\n" in result.stdout and "sudo apt-get install" in result.stdout
    assert len(host.asked("update")) == 4


def test_whole_lists_without_the_package_are_believed(host):
    (host.state / "no-qemu").touch()
    host.link("nasm")
    host.missing("qemu-system-i386")
    result = host.deps("bench")
    assert result.returncode == 1 and "Missing:" in result.stdout
    assert len(host.asked("update")) == 1 and not host.asked("sleep")


def test_no_install(host):
    result = host.deps("kernels", NO_INSTALL="1")
    assert result.returncode == 1 and "Missing: nasm\n" in result.stdout
    assert host.log.read_text() == ""


def without_cmocka(host):
    """clang makes programs, for 32 bits too, but finds no library."""
    for name in ("nasm", "ls"):
        host.link(name)
    host.script(
        "clang",
        '#!/bin/sh\ncase "$*" in *-lcmocka*) exit 1 ;; *print-runtime-dir) echo /nowhere ;; esac\nexit 0\n',
    )


@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the simulated machine needs Linux on x86-64"
)
class TestForeignArchitecture:
    @pytest.fixture(autouse=True)
    def machine(self, host, monkeypatch):
        # Of the files that the script looks for none may be this machine's.
        without_cmocka(host)
        self.script = host.bin.parent / "tree/tools"
        shutil.copytree(ROOT / "tools", self.script)
        text = (self.script / "deps.sh").read_text()
        assert "/usr/lib/i386-linux-gnu/libcmocka.so" in text
        (self.script / "deps.sh").write_text(
            text.replace("/usr/lib/i386-linux-gnu/libcmocka.so", "/nowhere")
        )

    def deps(self, host, **environment):
        environment = {
            "PATH": str(host.bin),
            "LOG": str(host.log),
            "STATE": str(host.state),
            "BIN": str(host.bin),
            **environment,
        }
        return subprocess.run(
            ["sh", self.script / "deps.sh", "", "check-host"],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def test_is_said_before_it_is_added(self, host):
        result = self.deps(host)
        assert result.returncode == 0, result.stdout + result.stderr
        said = result.stdout.index("adds the foreign architecture i386")
        assert said < result.stdout.index("apt-get installs libcmocka-dev:i386")
        assert "NO_I386=1 declines" in result.stdout and host.asked("dpkg --add-architecture i386")

    def test_is_declined(self, host):
        result = self.deps(host, NO_I386="1")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "32-bit host tests are skipped" in result.stdout
        assert not host.asked("add-architecture") and not host.asked(":i386")

    def test_is_not_to_be_had(self, host):
        """Its list alone is being renewed, all the time: the rest is installed, and the tests of 64
        bits can run.
        """
        (host.state / "failing").write_text("99")
        (host.state / "unrelated").touch()
        host.script("dpkg", '#!/bin/sh\necho "dpkg $*" >>"$LOG"\n')
        result = self.deps(host)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "without libcmocka-dev:i386 the 32-bit host tests are skipped" in result.stdout

    def test_no_install(self, host):
        result = self.deps(host, NO_INSTALL="1")
        assert not host.asked("apt-get") and not host.asked("add-architecture")
        assert "32-bit host tests" in result.stdout or "Missing: " in result.stdout


@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the simulated machine needs Linux on x86-64"
)
def test_without_the_library_the_32_bit_host_tests_are_skipped_and_said(tmp_path):
    """A clang that does not find it for 32 bits."""
    (tmp_path / "clang").write_text(
        '#!/bin/sh\ncase "$*" in *-m32*-lcmocka*) exit 1 ;; esac\nexec /usr/bin/clang "$@"\n'
    )
    (tmp_path / "clang").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "tests/host/test_host.py", "-k", "32"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0 and "4 skipped" in ran.stdout, ran.stdout
    assert "no libcmocka for 32 bits on this machine (NO_I386=1" in ran.stdout
    made = subprocess.run(
        ["make", "-s", "-f", "tests/host/Makefile", "checked"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert made.stdout.split() == ["64-2level", "64-pae"]
