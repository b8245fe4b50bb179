#!/usr/bin/env python3
"""Plants mistakes, one at a time, and shows which test catches each.

A mutant is a replacement inside a named function (LISTS, or made by generate.py): the text must
stand in that function exactly once, so that a mutant that no longer fits is an error and not a
silent pass.

    run.py [--jobs N] [--only NAME,...] [--ask NAME,...] [--list FILE...] [--all]
    [--at-least PERCENT] [--keep FOLDER] [--check]

The tree is built once without a mistake.  Each mutant is planted in a copy of that, in which only
what depends on the changed file is compiled again.  It is caught if a test fails, the kernel
panics, or a boot does not come to its end.  Without --all the first to catch it is enough; with it
all are asked.  One that does not compile shows nothing: it counts as an error if it was written by
hand, and is left out of the total if it was made by rule.

Each verdict is kept in the folder of --keep, under a hash of the mutant and of all that can change
the verdict, so a run goes on where it was stopped.  --check plants nothing: it says whether each
text still stands where it is to be replaced.

Keys of a mutant: name, kind, file, function (without it: the whole file), from, to; `equivalent`,
why nothing can catch it; `asks`, a list of who can catch it (names as in BOOTS and BOOT_TESTS, host
variants as host-64-pae, explorers as explore-pae-2-1); without it ASKED says who is asked.
`tests`, how the names of the in-system tests begin that are asked before.  `bochs = true`: Bochs is
asked too. """
import argparse
import collections
import concurrent.futures
import fcntl
import fnmatch
import hashlib
import json
import os
import pathlib
import queue
import re
import select
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LISTS = ["mutants.toml", "microkernel.toml"]
QEMU = [
    "qemu-system-i386",
    "-display",
    "none",
    "-serial",
    "stdio",
    "-no-reboot",
    "-nic",
    "none",
    "-device",
    "isa-debug-exit,iobase=0xf4,iosize=4",
]
# Boots of the self-test: kernel, options for QEMU, command line.
BOOTS = {
    "2level": ("tarn.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    "pae": ("tarn-pae.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    "nolarge": ("tarn.elf", ["-smp", "4", "-m", "1G", "-cpu", "qemu32"], "exit nolarge"),
    "pae-q35": ("tarn-pae.elf", ["-smp", "2", "-m", "6G", "-machine", "q35"], "exit"),
    "pentium": (
        "tarn.elf",
        ["-smp", "4", "-m", "64M", "-cpu", "pentium"],
        "exit highmem=32M pgt_cache=4,9",
    ),
    "no-apic": ("tarn.elf", ["-m", "64M", "-cpu", "pentium,-apic"], "exit"),
    "debug": ("tarn-debug.elf", ["-smp", "4", "-m", "512M", "-cpu", "max"], "exit highmem=128M"),
    "pae-debug": (
        "tarn-pae-debug.elf",
        ["-smp", "2", "-m", "512M", "-cpu", "max"],
        "exit highmem=128M",
    ),
}
# Boots with the in-system tests (user/test) instead: the kernel's own tests are left out.
USER_OPTIONS = ["-smp", "4", "-m", "256M", "-initrd", "build/user.tar user.tar"]
USER_APPEND = "selftest=none run=test exit"
USER_TESTS = ["user", "user-pae", "user-debug"]
BOOTS |= {
    "user": ("tarn.elf", USER_OPTIONS, USER_APPEND),
    "user-pae": ("tarn-pae.elf", [*USER_OPTIONS, "-cpu", "max"], USER_APPEND + " kmap_flush=lazy"),
    "user-debug": ("tarn-debug.elf", USER_OPTIONS, USER_APPEND),
}
# All of them take a while, so those that are about the changed file are asked first: beginnings of
# their names.
USER_GROUPS = {
    "user-threads": "sched thread task state notify port",
    "user-objects": "handle notify irq port call error state",
    "user-messages": "message state notify place item transfer fault",
    "user-calls": "call error handle thread irq port notify",
    "user-memory": "memory item pager fault error call quota",
    "user-machine": "exception entry fault call port",
}
BOOTS |= {
    name: ("tarn.elf", USER_OPTIONS, f'selftest=none run="test {names}" exit')
    for name, names in USER_GROUPS.items()
}
# Those that a mutant names itself, by its key `tests`, are asked before these.
NEAR, NEAR_TESTS = "user-near", "TESTS"
BOOTS[NEAR] = ("tarn.elf", USER_OPTIONS, f'selftest=none run="test {NEAR_TESTS}" exit')
HOST_VARIANTS = ["64-pae", "32-2level-debug", "32-pae-debug", "64-2level", "32-2level", "32-pae"]
EXPLORERS = ["2level-2-1", "pae-2-1", "2level-1-3"]
EXPLORE_TASKS = "explore-2level-2-1-tasks"  # with the scheduler and the tasks
PLAIN = ["tarn.elf", "tarn-pae.elf"]
# Files of tests/boot, and the kernels that they boot.
BOOT_TESTS = {
    "test_clocks": PLAIN,
    "test_boot_data": PLAIN,
    "test_damage": PLAIN,
    "test_idle": PLAIN,
    "test_interrupts": PLAIN,
    "test_left_over": PLAIN,
    "test_loader": PLAIN,
    "test_options": PLAIN,
    "test_panics": PLAIN,
    "test_stall": [*PLAIN, "tarn-debug.elf", "tarn-pae-debug.elf"],
    "test_start": PLAIN,
    "test_tables": PLAIN,
}
SELF_TESTS = ["2level", "pae", "nolarge", "debug", "pae-debug", "pae-q35", "pentium"]
HOST = [f"host-{variant}" for variant in HOST_VARIANTS]
EXPLORE = [f"explore-{variant}" for variant in EXPLORERS]
# What catches much and is quick to build comes first.
MEMORY = [
    "2level",
    "pae",
    "host-64-pae",
    "nolarge",
    "debug",
    "pae-debug",
    "pae-q35",
    "pentium",
    *HOST[1:],
]
# Of the files that the explorer compiles: all that a schedule can break.
SCHEDULES = ["2level", "pae", EXPLORE[0], *MEMORY[2:], *EXPLORE[1:]]
# What only programs use: the kernel's own tests see little of it.
CALLS = [*USER_TESTS, "2level", "pae", "debug"]
THREADS = [
    "user-threads",
    "2level",
    "pae",
    "user",
    "user-pae",
    *EXPLORE,
    "user-debug",
    "debug",
    "pae-debug",
    "test_interrupts",
    "test_panics",
    "pentium",
    "no-apic",
    "test_start",
    "test_options",
]
ENTRY = [
    "user-machine",
    "2level",
    "user",
    "user-pae",
    "test_interrupts",
    "test_panics",
    "pae",
    "debug",
]
MACHINE = [
    "2level",
    "no-apic",
    "test_interrupts",
    "test_panics",
    "pae",
    "pae-q35",
    "debug",
    "pentium",
    "test_left_over",
    "test_damage",
    "test_tables",
    "test_start",
    "test_options",
]
# Who is asked, by the file that is changed: the first row that fits.
ASKED = [
    (
        "kernel/objects/thread_state.c kernel/objects/user_thread.c kernel/objects/task.c",
        ["user-threads", *CALLS],
    ),
    ("kernel/objects/*", ["user-objects", *CALLS]),
    ("kernel/ipc/*", ["user-messages", *CALLS]),
    ("kernel/calls/* kernel/first_task.c", ["user-calls", *CALLS]),
    ("kernel/mm/user/*", ["user-memory", *CALLS]),
    ("kernel/arch/x86/cpu/entry.asm kernel/arch/x86/cpu/trap.c kernel/arch/x86/cpu/user_*", ENTRY),
    ("kernel/mm/pkmap/kmap_atomic.[ch]", MEMORY),
    ("kernel/mm/pkmap/* kernel/mm/tables/* kernel/mm/pages/reclaim.c", SCHEDULES),
    ("kernel/arch/x86/paging/tlb*.[ch] kernel/arch/x86/paging/pgtable_*.h", SCHEDULES),
    (
        "kernel/mm/* kernel/debug/freed_block.c kernel/debug/kmap_held.c kernel/debug/poison.c kernel/debug/redzone.c kernel/arch/x86/paging/pgtable* kernel/arch/x86/paging/fixmap*",
        MEMORY,
    ),
    (
        "kernel/arch/x86/firmware/acpi.c kernel/arch/x86/firmware/mptable.c kernel/arch/x86/firmware/topology.c kernel/arch/x86/firmware/firmware.c",
        ["host-64-pae", "2level", "test_tables", "test_damage", "pentium", *HOST[1:]],
    ),
    (
        "kernel/arch/x86/firmware/bootinfo.c kernel/arch/x86/firmware/rammap.c",
        ["test_loader", "2level", "host-64-pae", "test_boot_data", "test_options", "pae"],
    ),
    ("kernel/cmdline.c lib/*", ["host-64-pae", "2level", "test_options", "debug", *HOST[1:]]),
    (
        "kernel/arch/x86/irq/clock.c kernel/arch/x86/irq/pit.c kernel/arch/x86/irq/pm_timer.c",
        ["2level", "pae", "no-apic", "test_interrupts", "test_clocks", "pentium", "debug"],
    ),
    (
        "kernel/sched/* kernel/mm/wait.h kernel/arch/x86/cpu/spinlock.* kernel/arch/x86/smp/*",
        THREADS,
    ),
    ("*", MACHINE),
]
ALL_ASKED = [
    NEAR,
    *USER_GROUPS,
    *USER_TESTS,
    *SELF_TESTS,
    "no-apic",
    *HOST,
    *EXPLORE,
    EXPLORE_TASKS,
    *BOOT_TESTS,
    "bochs",
]
# What can change a verdict.
DECIDES = (
    "kernel/",
    "lib/",
    "user/",
    "boot/",
    "linker.ld",
    "Makefile",
    "tools/compiler.sh",
    "tools/compiler.mk",
    "tools/kernel.mk",
    "tools/user.mk",
    "tools/variables",
    "tools/ksyms.awk",
    "tools/mkiso.sh",
    "tests/checkers/",
    "tests/kernel/",
    "tests/bench/bench",
    "tests/bench/tools",
    "tests/host/",
    "tests/interleave/",
    "tests/boot/",
    "tests/bochs/",
    "tests/conftest.py",
    "tests/pytest.ini",
    "tests/mutants/run.py",
)
PROGRAMS = ["i686-linux-gnu-gcc", "gcc", "clang", "nasm", "qemu-system-i386"]
# A guest or a host test that prints nothing for so many seconds hangs (the longest test takes about
# two; an in-system test that waits in vain would fail after 20).  Time in which it was ready to run
# but had no CPU does not count.  A bound on all of it.
QUIET_SECONDS = 12
HOST_LIMIT = 900
# pytest prints a dot a test; each boot there has a limit of its own.
QUIET_PYTEST = 400
BOOT_TEST_LIMIT = 180
OUTPUT_LIMIT = 4 << 20
FAILED_TEST = re.compile(rb"^(not ok|# user/\S+:\d+:) .*\n", re.M)
FAILED_HOST_TEST = re.compile(rb"^\[  FAILED  \] .*\n", re.M)
CLOSING_LINE = re.compile(
    r"^(\d+ passed, 0 failed, \d+ skipped|root: test ended with status 0)\r?$", re.M
)


class DoesNotBuild(Exception):
    """The mutant is none: the compiler or the linker refuses it."""


def function_span(text, name):
    """Start and end of the definition of `name`: from its line to the closing brace in column 0."""
    match = re.search(rf"^[A-Za-z_][^\n;{{}}#]*\b{re.escape(name)}\([^;{{]*\)\s*\n?\{{", text, re.M)
    if not match:
        raise ValueError(f"no function {name}")
    if text[match.end() - 1 : text.index("\n", match.end())].rstrip().endswith("}"):
        return match.start(), text.index("\n", match.end())  # all on one line
    return match.start(), text.index("\n}", match.end()) + 2


COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"


def whatever_its_line_breaks(code):
    """A pattern for the code with any blanks and comments between its tokens, so that a formatter
    does not part mutants from their places.
    """
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|\w+|[^\w\s]', re.sub(COMMENT, " ", code))
    return rf"(?:\s|{COMMENT})*".join(re.escape(token) for token in tokens)


def mutate(text, mutant):
    if "function" not in mutant:  # a definition, named by its own text
        start, end = 0, len(text)
    else:
        start, end = function_span(text, mutant["function"])
    body = text[start:end]
    found = [match.span() for match in re.finditer(whatever_its_line_breaks(mutant["from"]), body)]
    if len(found) != 1:
        raise ValueError(
            f"the text to replace stands {len(found)} times in {mutant.get('function', 'the file')}"
        )
    first, last = found[0]
    return text[:start] + body[:first] + mutant["to"].strip() + body[last:] + text[end:]


def tracked_files():
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in out.stdout.split("\n") if name and (ROOT / name).is_file()]


def tree_hash():
    """Of all that can change a verdict: the sources that DECIDES names, and the versions of
    compilers and emulator.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in tracked_files() if name.startswith(DECIDES)):
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    for program in PROGRAMS:
        if shutil.which(program):
            digest.update(subprocess.run([program, "--version"], capture_output=True).stdout)
    return digest.hexdigest()


# ---- Copies of the tree ----


def listing(folder):
    """The files below, each with its size and the time of its last change."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            status = os.lstat(full)
            found[os.path.relpath(full, folder)] = (status.st_size, status.st_mtime_ns)
    return found


def mirror(source, wanted, target):
    """Makes the files of `target` those of `source` that are in `wanted` (as listing() gives them),
    and copies only what differs.
    """
    present = listing(target)
    for name in present.keys() - wanted.keys():
        (target / name).unlink()
    for name, state in wanted.items():
        if present.get(name) != state:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def update_base(base):
    """The unmutated copy: its sources become those of the tree, what it has built stays, for make
    to see what is out of date.
    """
    listed = listing(base) if base.exists() else {}
    sources = {
        name: (status.st_size, status.st_mtime_ns)
        for name in tracked_files()
        if (status := (ROOT / name).stat())
    }
    mirror(
        ROOT,
        sources | {name: state for name, state in listed.items() if name.startswith("build/")},
        base,
    )


def make(tree, *arguments):
    """Builds in a copy of the tree.  CURDIR goes into the flags, by which the Makefile would take
    all objects for out of date.
    """
    built = subprocess.run(
        ["make", "-s", "CURDIR=.", *arguments], cwd=tree, capture_output=True, text=True
    )
    if built.returncode:
        message = re.search(r"(error: .*|undefined reference.*)", built.stderr + built.stdout)
        raise DoesNotBuild(
            message[1][:90] if message else (built.stderr or built.stdout)[-90:].strip()
        )


def seconds_without_cpu(pid):
    """How long each thread of the process was ready to run but had no CPU, since it began (Linux,
    /proc/pid/task/tid/schedstat).
    """
    waited = {}
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            waited[task.parent.name] = int(task.read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            pass  # the thread has just ended
    return waited


def new_output(process, quiet, end):
    """What the process prints next; b"" at its end, None if it prints nothing for `quiet` seconds
    in which it could have run.
    """
    began, before = time.monotonic(), seconds_without_cpu(process.pid)
    while time.monotonic() < end:
        if select.select([process.stdout], [], [], 1)[0]:
            return os.read(process.stdout.fileno(), 65536)
        waited = [
            now - before.get(thread, 0) for thread, now in seconds_without_cpu(process.pid).items()
        ]
        if time.monotonic() - began - max(waited, default=0) > quiet:
            break
    return None


def run_watched(command, tree, enough=None, quiet=QUIET_SECONDS, **environment):
    """Exit status and what was printed; the status is "hang" when nothing new came for `quiet`
    seconds, "enough" when that pattern did: one failure is enough."""
    process = subprocess.Popen(
        command,
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | environment,
    )
    output, part, end = b"", b"", time.monotonic() + HOST_LIMIT
    stopped = False
    while len(output) < OUTPUT_LIMIT and not stopped:
        part = new_output(process, quiet, end)
        if not part:
            break
        output += part
        stopped = enough and enough.search(output)
    if part != b"":
        process.kill()
    status = process.wait()
    return "enough" if stopped else "hang" if part != b"" else status, output.decode("latin-1")


def verdict(status, output):
    """What caught it, or None."""
    failed = re.findall(r"^not ok \d+ - (\S+)", output, re.M)
    if failed:
        return ", ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")
    check = re.search(r"^# user/\S+/(\S+:\d+): (.{,60})", output, re.M)
    if check:
        return f"{check[1]}: {check[2].strip()}"
    panic = re.search(r"^panic: (.*?)\r?$(?:\n  invariant (\d+))?", output, re.M)
    if panic:
        return f"panic: {panic[1][:60]}" + (f" [{panic[2]}]" if panic[2] else "")
    if status == "hang":
        return f"hang after: {output.strip().split(chr(10))[-1][:60]}"
    return None if status == 33 else f"status {status}"


def try_boot(tree, name, tests=""):
    kernel, options, append = BOOTS[name]
    append = append.replace(NEAR_TESTS, tests)
    command = QEMU + options + ["-kernel", f"build/{kernel}", "-append", append]
    status, output = run_watched(command, tree, FAILED_TEST)
    # Now and then QEMU itself hangs when the guest ends it.
    if status == "hang" and CLOSING_LINE.search(output):
        status, output = run_watched(command, tree, FAILED_TEST)
    if output.startswith("qemu-system"):
        sys.exit(f"{name}: {output}")
    return verdict(status, output)


def try_host(tree, variant):
    """The host tests of one variant; what they print of the failed one."""
    status, output = run_watched([f"build/host/{variant}/tests"], tree, FAILED_HOST_TEST)
    if status == 0:
        return None
    failed = re.search(r"\[  FAILED  \] (\S+)", output)
    wrong = re.search(r"(ERROR: \S+ \S+|runtime error: .{,60}|panic: .{,60})", output)
    found = " ".join(match[1] for match in (failed, wrong) if match)
    return found or ("hang" if status == "hang" else f"status {status}")


def try_explorer(tree, variant):
    """Every schedule with at most two preemptions: ten seconds, where `make check` allows one
    preemption, and finds less.  Of tasks there are too many for two.
    """
    bound = "0-1" if variant.endswith("tasks") else "0-2"
    status, output = run_watched([f"build/interleave/{variant}/interleave", "--bound", bound], tree)
    if status == 0:
        return None
    failed = re.search(r"^FAILED (.{,90})", output, re.M)
    return failed[1] if failed else ("hang" if status == "hang" else f"status {status}")


def try_boot_test(tree, name):
    """A file of tests/boot, up to its first failure."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--tb=line",
        "--build=build",
        f"tests/boot/{name}.py",
    ]
    status, output = run_watched(
        command,
        tree,
        quiet=QUIET_PYTEST,
        TARN_HOST_LIMIT=str(BOOT_TEST_LIMIT),
        PYTHONDONTWRITEBYTECODE="1",
    )
    if status == 0:
        return None
    failed = re.search(r"^FAILED \S+::(\S+)", output, re.M)
    if not failed and status != "hang":
        sys.exit(f"{name}: pytest ends with {status}: {output[-600:]}")
    return failed[1] if failed else "hang"


def try_bochs(tree, kernel):
    sys.path.insert(0, str(HERE.parent / "bochs"))
    import bochs

    try:
        text, _ = bochs.boot(tree / "build" / kernel, "exit highmem=256M")
    except subprocess.TimeoutExpired:
        return "hang"
    return verdict(33 if CLOSING_LINE.search(text) else "no closing line", text)


def build_for(name, tree):
    """Makes what this one runs."""
    kind, _, variant = name.partition("-")
    if kind == "host":
        make(tree, "-f", "tests/host/Makefile", f"build/host/{variant}/tests")
    elif kind == "explore":
        make(tree, "-f", "tests/interleave/Makefile", f"build/interleave/{variant}/interleave")
    else:
        kernels = [BOOTS[name][0]] if name in BOOTS else BOOT_TESTS.get(name, PLAIN)
        archive = ["build/user.tar"] if name.startswith("user") else []
        make(tree, *(f"build/{kernel}" for kernel in kernels), *archive)


def ask(name, tree, tests=""):
    """What it says of the kernel in this tree; None: nothing is wrong.  tests: of NEAR."""
    kind, _, variant = name.partition("-")
    build_for(name, tree)
    if name == "bochs":
        return try_bochs(tree, "tarn.elf") or try_bochs(tree, "tarn-pae.elf")
    if name in BOOT_TESTS:
        return try_boot_test(tree, name)
    if kind == "host":
        return try_host(tree, variant)
    return try_explorer(tree, variant) if kind == "explore" else try_boot(tree, name, tests)


def catchers(mutant):
    """Names of those who are asked, in order."""
    names = (
        mutant["asks"]
        if "asks" in mutant
        else next(
            row
            for patterns, row in ASKED
            if any(fnmatch.fnmatch(mutant["file"], pattern) for pattern in patterns.split())
        )
    )
    near = [NEAR] if "tests" in mutant and NEAR not in names else []
    return [*near, *names, *(["bochs"] if mutant.get("bochs") else [])]


def try_mutant(mutant, tree, ask_all):
    """Pairs of who caught it and by what; [("ERROR", why)] if it does not fit, [("unbuilt", why)]
    if it does not compile.
    """
    found = []
    path = tree / mutant["file"]
    try:
        path.write_text(mutate(path.read_text(), mutant))
        for name in catchers(mutant):
            if caught := ask(name, tree, mutant.get("tests", "")):
                found.append((name, caught))
                if not ask_all:
                    break
    except ValueError as error:
        return [("ERROR", str(error))]
    except DoesNotBuild as error:
        return found or [("unbuilt", str(error))]
    return found


# Keys of a mutant on which its verdict depends.
DECIDED_BY = ("file", "function", "from", "to", "asks", "bochs", "tests")


class Verdicts:
    """What earlier runs have found, a file for each mutant: its name is a hash of the tree, the
    mutant and who was asked.
    """

    def __init__(self, folder, ask_all):
        self.folder, self.ask_all, self.tree = folder, ask_all, tree_hash()
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, mutant):
        decides = {key: mutant[key] for key in DECIDED_BY if key in mutant}
        text = json.dumps([self.tree, decides, self.ask_all], sort_keys=True)
        return self.folder / (hashlib.sha256(text.encode()).hexdigest()[:32] + ".json")

    def get(self, mutant):
        path = self._path(mutant)
        return [tuple(pair) for pair in json.loads(path.read_text())] if path.exists() else None

    def put(self, mutant, found):
        if not found or found[0][0] != "ERROR":
            part = self._path(mutant).with_suffix(".part")
            part.write_text(json.dumps(found))
            part.replace(self._path(mutant))


def chosen(args):
    texts = [pathlib.Path(name).read_text() for name in args.list]
    mutants = [mutant for text in texts for mutant in tomllib.loads(text)["mutant"]]
    only = [name for name in args.only.split(",") if name]
    mutants = [m for m in mutants if not only or any(m["name"].startswith(o) for o in only)]
    if args.ask:
        mutants = [
            m
            | {
                "asks": [name for name in catchers(m) if name in args.ask.split(",")],
                "bochs": False,
            }
            for m in mutants
        ]
    return [m for m in mutants if catchers(m)]


def check_texts(mutants):
    """Says which no longer fit; 1 if there are any."""
    wrong = 0
    for mutant in mutants:
        try:
            mutate((ROOT / mutant["file"]).read_text(), mutant)
            assert set(catchers(mutant)) <= set(
                ALL_ASKED
            ), f"asks somebody who does not exist: {mutant.get('asks')}"
        except (ValueError, OSError, AssertionError) as error:
            wrong += 1
            print(f"{mutant['name']}: {error}")
    print(f"{len(mutants)} mutants, {wrong} do not fit")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="names, or how they begin, with commas")
    parser.add_argument(
        "--ask", default="", help="of those who would be asked only these, with commas"
    )
    parser.add_argument("--list", nargs="+", default=[HERE / name for name in LISTS])
    parser.add_argument(
        "--all", action="store_true", help="ask all, even when the first has caught it"
    )
    parser.add_argument(
        "--at-least", type=float, default=100, metavar="PERCENT", help="how many must be caught"
    )
    parser.add_argument(
        "--keep",
        default=str(ROOT / "build/mutants"),
        metavar="FOLDER",
        help="copies of the tree, and verdicts",
    )
    parser.add_argument(
        "--check", action="store_true", help="only look whether each text still stands there"
    )
    args = parser.parse_args()
    mutants = chosen(args)
    if args.check:
        sys.exit(check_texts(mutants))
    keep = pathlib.Path(args.keep).resolve()
    keep.mkdir(parents=True, exist_ok=True)
    with open(keep / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another run uses {keep}")
        results = run_all(mutants, keep, args)
    sys.exit(summary(mutants, results, args.at_least))


def run_all(mutants, keep, args):
    """What was found of each mutant: what an earlier run knows first, then the others, each in a
    copy of the tree.
    """
    verdicts = Verdicts(keep / "verdicts", args.all)
    known = {m["name"]: verdicts.get(m) for m in mutants}
    left = [m for m in mutants if known[m["name"]] is None]
    if len(left) < len(mutants):
        print(
            f"{len(mutants) - len(left)} of {len(mutants)} verdicts are kept from an earlier run of the same tree",
            flush=True,
        )
    if left:
        check_unmutated(
            keep / "base",
            verdicts,
            sorted({name for m in left for name in catchers(m)}, key=ALL_ASKED.index),
        )
        plant_all(left, keep, verdicts, known, args)
    return [known[m["name"]] for m in mutants]


def plant_all(mutants, keep, verdicts, known, args):
    wanted = listing(keep / "base")
    trees = queue.SimpleQueue()
    for number in range(args.jobs):
        (keep / f"copy-{number}").mkdir(exist_ok=True)
        trees.put(keep / f"copy-{number}")

    def plant(mutant):
        tree = trees.get()
        try:
            mirror(keep / "base", wanted, tree)
            found = try_mutant(mutant, tree, args.all)
        finally:
            trees.put(tree)
        verdicts.put(mutant, found)
        known[mutant["name"]] = found
        report(mutant, found)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(plant, mutants))


def check_unmutated(base, verdicts, names):
    """Builds all that the mutants start from, which must pass by itself."""
    base.mkdir(exist_ok=True)
    update_base(base)
    for name in names:
        unmutated = {"name": "none", "file": name}
        try:
            build_for(name, base)
            if verdicts.get(unmutated) is None and name != NEAR:
                if caught := ask(name, base):
                    sys.exit(f"unmutated, on {name}: {caught}")
                verdicts.put(unmutated, [])
        except DoesNotBuild as error:
            sys.exit(f"unmutated, {name} does not build: {error}")


def state(mutant, found):
    """What became of it, as a column of the table."""
    if not found:
        return "argued" if "equivalent" in mutant else "survived"
    if found[0][0] in ("ERROR", "unbuilt"):
        return "error" if found[0][0] == "ERROR" or not mutant.get("generated") else "unbuilt"
    return "wrongly argued" if "equivalent" in mutant else "caught"


def report(mutant, found):
    what = state(mutant, found)
    why = (
        f" argued: {mutant['equivalent']}"
        if what == "argued"
        else "".join(f" {text}" for _, text in found[:1])
    )
    others = [name for name, _ in found[1:]]
    who = found[0][0] if what == "caught" else what.upper()
    print(
        f"{mutant['name']:40} {who:12}{why}" + (f"   also: {' '.join(others)}" if others else ""),
        flush=True,
    )
    return found


def print_table(mutants, results):
    """A row for each kind: how many, what became of them, and who caught how many."""
    rows = collections.defaultdict(collections.Counter)
    for mutant, found in zip(mutants, results):
        what = state(mutant, found)
        for kind in (mutant["kind"], "all"):
            rows[kind].update(
                [
                    "planted",
                    what,
                    *(f"by {name}" for name, _ in found if what in ("caught", "wrongly argued")),
                ]
            )
    names = [f"by {name}" for name in ALL_ASKED if rows["all"][f"by {name}"]]
    rare = [
        column
        for column in ("argued", "wrongly argued", "survived", "unbuilt", "error")
        if rows["all"][column]
    ]
    columns = ["planted", "caught", *rare, *names]
    print(
        "\n"
        + f"{'kind':16}"
        + "".join(f"{column.removeprefix('by '):>{len(column) + 2}}" for column in columns)
    )
    for kind in [*sorted(k for k in rows if k != "all"), "all"]:
        print(
            f"{kind:16}"
            + "".join(f"{rows[kind][column] or '-':>{len(column) + 2}}" for column in columns)
        )


def summary(mutants, results, at_least):
    """Prints table and total; 1 if too few are caught of those that build and are not argued
    for.
    """
    print_table(mutants, results)
    states = [state(mutant, found) for mutant, found in zip(mutants, results)]
    named = {
        what: [m["name"] for m, s in zip(mutants, states) if s == what] for what in set(states)
    }
    caught, survived = len(named.get("caught", [])), len(named.get("survived", []))
    percent = 100 * caught / max(1, caught + survived)
    print(
        f"\n{len(mutants)} mutants: {caught} of {caught + survived} caught ({percent:.1f} %), "
        f"{len(named.get('argued', []))} argued to be equivalent, {len(named.get('unbuilt', []))} did not build"
    )
    for what in ("survived", "wrongly argued", "error"):
        if what in named:
            print(f"{what}: {', '.join(named[what])}")
    return 1 if percent < at_least or "error" in named or "wrongly argued" in named else 0


if __name__ == "__main__":
    main()
