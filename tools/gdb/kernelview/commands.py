"""What is typed: `tarn` and its subcommands.  `help tarn` lists them."""

import os
from pathlib import Path

import gdb

from drawing import walk as walk_drawing
from kernelview import (
    Unavailable,
    check,
    diff,
    locks,
    pages,
    paging,
    pkmap,
    quicklists,
    threads,
    tlb,
)
from kernelview.machine import machine
from kernelview.user import frames, processes, symbols, tasks

history = diff.History()
WRONG_QEMU = (
    "this is qemu-system-x86_64, whose registers have 64 bits. Start qemu-system-i386 "
    "(make gdb-server does), and connect again"
)


class Tarn(gdb.Command):
    """What the kernel's memory means: page tables, pools, zones, threads, tasks, invariants.

    Every command only reads.  Addresses may be any expression of GDB's.  The manual is docs/gdb.md.
    """

    def __init__(self):
        super().__init__("tarn", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument, from_tty):
        if argument:
            known = ", ".join(sorted([*COMMANDS, "tour"]))
            raise gdb.GdbError(
                f"tarn: there is no command {argument.split()[0]}; there are: {known}"
            )
        gdb.execute("help tarn")


def words(argument):
    return gdb.string_to_argv(argument)


def number(expression):
    """An expression's value as an address; registers and differences may be negative."""
    value = int(gdb.parse_and_eval(expression))
    if not -(1 << 31) <= value < 1 << 32:
        raise Unavailable(f"{expression} is no address: {value:#x} does not fit into 32 bits")
    return value & 0xFFFFFFFF


def show(lines):
    gdb.write("".join(line + "\n" for line in lines))


def in_words(why):
    """An error of GDB's; the one that tells of a wrong QEMU, with what to do."""
    return WRONG_QEMU if "'g' packet" in str(why) else str(why)


class Subcommand(gdb.Command):
    """Common to all: what is wrong with the arguments, or not there (yet), is said in a line."""

    choices = ()
    most = 1  # arguments
    any_word = False  # or only `choices`?
    alone = False  # needs no machine

    def __init__(self, name):
        self.name = name
        super().__init__("tarn " + name, gdb.COMMAND_DATA)

    def complete(self, text, word):
        if self.choices == "symbol":
            return gdb.COMPLETE_EXPRESSION
        return [choice for choice in self.choices if choice.startswith(word)]

    def invoke(self, argument, from_tty):
        try:
            arguments = words(argument)
            self.check_arguments(arguments)
            self.run(None if self.alone else machine(), arguments)
        except Unavailable as why:
            raise gdb.GdbError(f"tarn {self.name}: {why}") from None
        except gdb.error as why:
            raise gdb.GdbError(f"tarn {self.name}: {in_words(why)}") from None

    def check_arguments(self, arguments):
        most = self.most if self.any_word or self.choices else 0
        if len(arguments) > most:
            allowed = {0: "no arguments", 1: "at most 1 argument"}.get(
                most, f"at most {most} arguments"
            )
            blanks = "; an expression with blanks stands in quotes" if self.any_word else ""
            raise Unavailable(f"{allowed}, not {len(arguments)}{blanks}")
        for word in [] if self.any_word else arguments:
            if word not in self.choices:
                raise Unavailable(f"there is no {word} here, only " + ", ".join(self.choices))

    def run(self, kernel, arguments):
        """The command itself."""
        raise NotImplementedError


# ---- Page tables ----


def loaded_pgd(kernel):
    """Physical address of the PGD of the CPU that GDB has selected."""
    cpu = kernel.cpu()
    if not cpu.paging:
        raise Unavailable(
            f"paging is off on {cpu.name} (CR0.PG is 0): its addresses are physical. "
            "Name a PGD to walk one all the same"
        )
    return tlb.pgd_of(kernel, cpu.cr3)


def pgd_argument(kernel, arguments, at):
    """A PGD by its address: physical, or in the direct map."""
    if len(arguments) <= at:
        return loaded_pgd(kernel)
    value = number(arguments[at])
    return value - kernel.page_offset if value >= kernel.page_offset else value


def walk_of(kernel, arguments):
    if not arguments:
        raise Unavailable("which address?")
    pgd = pgd_argument(kernel, arguments, 1)
    return paging.walk(
        kernel.read_physical, kernel.format, pgd, number(arguments[0]), kernel.direct_map_bytes
    )


class Walk(Subcommand):
    """Walk page tables for an address: tarn walk ADDRESS [PGD]

    Each level with its entry, where the entry lies in memory, its flags, the frame it leads to; of
    the last one the size of the page and what mem_map says of the frame.  Without PGD: the tables
    in CR3 of the CPU that is selected (`info threads`)."""

    choices, most, any_word = "symbol", 2, True

    def run(self, kernel, arguments):
        show(
            paging.lines(
                walk_of(kernel, arguments), lambda physical: pages.describe(kernel, physical)
            )
        )


class Translate(Subcommand):
    """The physical address behind an address: tarn translate ADDRESS [PGD]"""

    choices, most, any_word = "symbol", 2, True

    def run(self, kernel, arguments):
        found = walk_of(kernel, arguments)
        if not found.mapped:
            raise Unavailable(f"{found.address:#010x} is not mapped: {found.end}")
        show([f"{found.address:#010x} -> physical {found.physical:#011x}"])


class Maps(Subcommand):
    """Everything that is mapped, by ranges of the same flags: tarn maps [PGD | TASK]

    Of a task (its number, or its address): the user part, with rights, and who owns the frames."""

    choices, any_word = "symbol", True

    def run(self, kernel, arguments):
        task = find_task(kernel, arguments)
        if task:
            show(frames.map_lines(kernel, task))
            return
        pgd = pgd_argument(kernel, arguments, 0)
        lines = [f"PGD at physical {pgd:#x}, {kernel.format.name}"]
        for found in paging.ranges(
            kernel.read_physical, kernel.format, pgd, kernel.direct_map_bytes
        ):
            count = (found.end - found.start) // found.page_size
            where = f"from physical {found.physical:#x}" if found.contiguous else "scattered frames"
            lines.append(
                f"{found.start:08x} to {found.end - 1:08x}  {count:6} x {paging.size_words(found.page_size):5}  "
                f"{found.flags:14} {where}"
            )
        show(lines)


# ---- The rest of memory ----


class Pkmap(Subcommand):
    """The PKMap: slots by state, owners, the slot handed out last, who waits: tarn pkmap [all]"""

    choices = ("all",)

    def run(self, kernel, arguments):
        show(pkmap.lines(kernel, "all" in arguments))


class Atomic(Subcommand):
    """The atomic kmaps that each CPU holds"""

    def run(self, kernel, arguments):
        show(pkmap.atomic_lines(kernel))


class Zones(Subcommand):
    """Zones: frames, pages managed, free, in per-CPU lists, in use; watermarks and reserves"""

    def run(self, kernel, arguments):
        show(pages.zones_lines(kernel))


class Buddy(Subcommand):
    """Free blocks by order: tarn buddy [ZONE]; with a zone also which"""

    choices, any_word = ("DMA", "NORMAL", "HIGHMEM"), True

    def run(self, kernel, arguments):
        show(pages.buddy_lines(kernel, *arguments[:1]))


class Quicklists(Subcommand):
    """Page-table pages that each CPU keeps ready"""

    def run(self, kernel, arguments):
        show(quicklists.lines(kernel))


class Tlb(Subcommand):
    """Flushes by CPU, which are pending, and in the debug build what each CPU may still hold"""

    def run(self, kernel, arguments):
        show(tlb.lines(kernel))


# ---- Who does what ----


class Threads(Subcommand):
    """Threads with back traces and what each waits for: tarn threads [NAME | brief]"""

    choices, any_word = ("brief",), True

    def run(self, kernel, arguments):
        brief = arguments[:1] == ["brief"]
        show(threads.lines(kernel, "" if brief or not arguments else arguments[0], not brief))


class Cpus(Subcommand):
    """CPUs: where each is, on which tables, running what, holding how many locks and atomic
    kmaps
    """

    def run(self, kernel, arguments):
        show(threads.cpu_lines(kernel))


class Locks(Subcommand):
    """Spinlocks that are held, and by whom: tarn locks [all]"""

    choices = ("all",)

    def run(self, kernel, arguments):
        show(locks.lines(kernel, "all" in arguments))


class Check(Subcommand):
    """Judge the invariants that can be judged from outside: which are broken, and which hold

    Their numbers are those of docs/invariants.md.  Says too what was not judged, and why: a lock
    that is held, a boot step that has not come.  An invariant of which nothing was there to look at
    is not among those that hold."""

    def run(self, kernel, arguments):
        show(check.lines(kernel))


class Diff(Subcommand):
    """What changed in the kernel's page tables and in the PKMap since the stop before"""

    def run(self, kernel, arguments):
        show(diff.lines(history))


# ---- Tasks ----


def find_task(kernel, arguments):
    """The task that a first argument means, or None."""
    if not arguments or not kernel.var("task_cache").per_page:
        return None
    value = number(arguments[0])
    if value < 1 << 16 and value % 32:
        return tasks.find(kernel, value)  # no PGD lies there: the number of a task
    return next((t for t in tasks.all_tasks(kernel) if value in (t.number, t.address)), None)


def task_argument(kernel, arguments):
    if not arguments:
        raise Unavailable("which task? (tarn tasks: its number, or its address)")
    return tasks.find(kernel, number(arguments[0]))


class CurrentTask(gdb.Function):
    """$tarn_task(): number of the task that runs on the CPU that GDB has selected; 0: none

    All programs lie at the same addresses: break main if $tarn_task() == 2"""

    def __init__(self):
        super().__init__("tarn_task")

    def invoke(self):
        # In a condition the machine has run since it was last looked at, and no stop was told.
        kernel = machine()
        kernel.forget()
        cr3 = int(gdb.newest_frame().read_register("cr3")) & 0xFFFFFFFF
        return tasks.number_of(kernel, tlb.pgd_of(kernel, cr3))


class Tasks(Subcommand):
    """Tasks: memory, handles, pager, threads and what each does"""

    def run(self, kernel, arguments):
        known = threads.user_lines(kernel)
        show(
            tasks.lines(
                kernel, lambda t: f"thread {t.address:#010x}: {known.get(t.address, 'has ended')}"
            )
        )


class Ps(Subcommand):
    """Processes and servers, as the program ps shows them

    proc's table, read in its memory from outside, with the tasks of the kernel."""

    def run(self, kernel, arguments):
        show(processes.lines(kernel))


class Handles(Subcommand):
    """What is in a task's slots: tarn handles TASK"""

    choices, any_word = "symbol", True

    def run(self, kernel, arguments):
        show(tasks.handle_lines(kernel, task_argument(kernel, arguments)))


class Endpoints(Subcommand):
    """Endpoints and notifications: whose, how many handles, and who waits there"""

    def run(self, kernel, arguments):
        show(tasks.endpoint_lines(kernel))


class Frames(Subcommand):
    """Frames that a task maps: owner, users, all mappings: tarn frames TASK [ADDRESS]"""

    choices, most, any_word = "symbol", 2, True

    def run(self, kernel, arguments):
        task = task_argument(kernel, arguments)
        show(frames.frame_lines(kernel, task, *map(number, arguments[1:])))


class Calls(Subcommand):
    """The call that each thread of a task is inside of, decoded: tarn calls [TASK]

    By the table of lib/abi/calls.h.  What the kernel has taken out of the thread's registers, and
    keeps nowhere, is left out."""

    choices, any_word = "symbol", True

    def run(self, kernel, arguments):
        task = task_argument(kernel, arguments) if arguments else None
        found = [
            f"{tasks.thread_words(kernel, thread.user)}: {thread.call}"
            for thread in threads.all_threads(kernel)
            if thread.user and (not task or thread.user.task == task.address)
        ]
        show(found or ["there are no threads of tasks"])


class Symbols(Subcommand):
    """Symbols of a user program, instead of those of another: tarn symbols PROGRAM"""

    any_word = alone = True

    def complete(self, text, word):
        return [name for name in symbols.programs() if name.startswith(word)]

    def run(self, kernel, arguments):
        if not arguments:
            raise Unavailable("which program? There are: " + ", ".join(symbols.programs()))
        show(symbols.load(arguments[0]))


# ---- Pictures ----


def drawings_folder():
    return Path(os.environ.get("TARN_DRAWINGS") or "build")


def write_svg(drawing, name):
    path = drawings_folder() / f"{name}.svg"
    try:
        path.write_text(drawing.svg(name) + "\n")
    except OSError as why:
        return f"not written as {path}: {why.strerror}"
    return f"written as {path}"


class Draw(Subcommand):
    """Draw a walk or the pool, in characters and as an SVG file: tarn draw ADDRESS [PGD] | tarn
    draw pkmap

    The file's name is in the last line.  Its folder: TARN_DRAWINGS in the environment, else that of
    the build."""

    choices, most, any_word = ("pkmap",), 2, True

    def run(self, kernel, arguments):
        if arguments[:1] == ["pkmap"]:
            found = pkmap.Pool(kernel)
            show(
                pkmap.pool.text(found.counts, found.last) + [write_svg(pkmap.svg(kernel), "pkmap")]
            )
            return
        found = walk_of(kernel, arguments)
        picture = paging.picture(found, lambda physical: pages.short_description(kernel, physical))
        show(
            walk_drawing.text(picture)
            + [write_svg(walk_drawing.svg(picture), f"walk-{found.address:08x}")]
        )


COMMANDS = {
    "walk": Walk,
    "translate": Translate,
    "maps": Maps,
    "pkmap": Pkmap,
    "atomic": Atomic,
    "zones": Zones,
    "buddy": Buddy,
    "quicklists": Quicklists,
    "tlb": Tlb,
    "threads": Threads,
    "cpus": Cpus,
    "tasks": Tasks,
    "ps": Ps,
    "handles": Handles,
    "endpoints": Endpoints,
    "frames": Frames,
    "calls": Calls,
    "symbols": Symbols,
    "locks": Locks,
    "check": Check,
    "diff": Diff,
    "draw": Draw,
}


# ---- Stops ----


def forget(*_):
    """Memory has changed under us: by the kernel, or by GDB's own `set`."""
    try:
        machine().forget()
    except (Unavailable, gdb.error):
        pass


class Console:
    """What the kernel has printed since the stop before, from the file into which QEMU writes its
    serial line.
    """

    def __init__(self):
        self.path, self.shown = os.environ.get("TARN_CONSOLE"), 0

    def show_new(self):
        if not self.path or not os.path.exists(self.path):
            return
        with open(self.path, "rb") as file:
            file.seek(self.shown)
            data = file.read()
        self.shown += len(data)
        text = data.decode("ascii", "replace").replace("\r", "")
        show(["| " + line for line in text.splitlines() if line.strip()])


console = Console()


def on_stop(event):
    console.show_new()
    forget()
    try:
        history.stopped(machine())
    except (Unavailable, gdb.error):
        pass


def register():
    Tarn()
    CurrentTask()
    for name, command in COMMANDS.items():
        command(name)
    gdb.events.stop.connect(on_stop)
    gdb.events.cont.connect(forget)
    gdb.events.memory_changed.connect(forget)
