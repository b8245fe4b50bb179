"""Who is asked of a mutant, and what they say: boots of the self-tests and of the in-system tests,
host tests, explorers, files of tests/boot, Bochs.  ASKED says by the changed file who can catch it.
"""
import fnmatch
import os
import pathlib
import re
import select
import subprocess
import sys
import time

from trees import make

HERE = pathlib.Path(__file__).resolve().parent
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
# Files of tests/boot, and what they boot.
BOOT_TESTS = {
    "test_clocks": PLAIN,
    "test_boot_data": PLAIN,
    "test_damage": PLAIN,
    "test_idle": PLAIN,
    "test_interrupts": [*PLAIN, "user.tar"],
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
        "kernel/mm/* kernel/debug/freed_block.c kernel/debug/kmap_held.c kernel/debug/poison.c kernel/debug/redzone.c kernel/arch/x86/paging/pgtable* kernel/arch/x86/paging/kernel_pte.c kernel/arch/x86/paging/fixmap*",
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
# A guest or a host test that prints nothing for so many seconds hangs (the explorer's longest
# scenario takes half a minute; what waits in vain in the system fails after 20 seconds).  Time when
# it was ready to run but had no CPU does not count.  A bound on all of it.
QUIET_SECONDS = 60
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
        files = [BOOTS[name][0]] if name in BOOTS else BOOT_TESTS.get(name, PLAIN)
        archive = ["user.tar"] if name.startswith("user") else []
        make(tree, *(f"build/{file}" for file in [*files, *archive]))


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
