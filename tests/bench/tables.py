"""What is said about the figures: beside their targets, beside an earlier run, beside Linux.  Text
in, text out.
"""

import math
import re
from dataclasses import dataclass

KERNELS = ("2level", "pae")


@dataclass
class Target:
    """A figure to reach, in guest instructions; a pair is for the 2-level kernel and for PAE."""

    key: str
    what: str
    cpus: int
    linux: tuple
    most: tuple
    stretch: tuple
    variant: str  # what the tag ends with, if the pool is not the book's


def target(key, what, linux, most, stretch, cpus=1, variant=""):
    both = (pair if isinstance(pair, tuple) else (pair, pair) for pair in (most, stretch))
    return Target(key, what, cpus, linux, *both, variant)


# Figures of the program bench.  Most of them are bounds of the present state; what was aimed at:
USER = {"variant": ".user"}
AIMED_AT = {
    "user.syscall_null": 150,
    "user.ipc_roundtrip_2w": 544,
    "user.ipc_roundtrip_60w": 900,
    "user.ipc_string_4m": 400,
    "user.signal_wait": 1500,
    "user.fault_anon": 3000,
    "user.fault_cow": 3500,
    "user.map_unmap": 1300,
    "user.task_create_destroy": 12000,
    "user.pipe_roundtrip": 5000,
    "user.pipe_throughput": 1500,
}

TARGETS = [
    target(
        "kmap.pair_wrap",
        "kmap+kunmap of distinct high pages, flushes included",
        (646, 676),
        200,
        120,
    ),
    target("kmap.pair_hit", "of one page again and again", (323, 323), 110, 70),
    target(
        "kmap.pair_64free",
        "the first, while other threads hold all slots but 64",
        (970, 832),
        300,
        150,
    ),
    target("kmap.lowmem_pair", "of a low page", (81, 81), 28, 20),
    target("kmap.each", "the slowest single kmap", (127590, 71291), 20000, 12000),
    target(
        "kmap.each", "the same with kmap_flush=lazy", (127590, 71291), 2500, 1500, variant=".lazy"
    ),
    target("kmap_atomic.pair", "kmap_atomic+kunmap_atomic", (209, 262), 60, 40),
    target("page.o0.highuser.pair", "page allocator, order 0", (599, 599), 120, 60),
    target("page.o3.kernel.pair", "order 3", (889, 893), 250, 150),
    target("page.o9.highuser.pair", "order 9", (18270, 10409), 3500, 400),
    target("page.o0.kernel.bulk_free", "a page freed, 8192 at once", (611, 611), 152, 80),
    target("pt.pte_pair", "PTE table, taken and freed, warm", (2075, 2128), 60, 30),
    target("pt.pgd_pair", "pgd_alloc+pgd_free, warm", (2320, 7167), (100, 400), (60, 200)),
    target("object.kmalloc64_pair", "kmalloc+kfree of 64 bytes", None, 290, 200),
    target("stack.pair", "kernel stack, taken and freed, warm", None, 120, 80),
    target("thread.create_join", "a thread made, run to its end, joined", None, 1300, 1000),
    target(
        "ipi.on_each_cpu",
        "an empty call on 4 CPUs, the others idle",
        (2399, 2399),
        1200,
        800,
        cpus=4,
    ),
    target(
        "tlb.flush_all_cpus",
        "full flush of 4 CPUs, the others idle",
        (2673, 2673),
        1300,
        900,
        cpus=4,
    ),
    target(
        "tlb.flush_pkmap_range",
        "flush of the PKMap, the others idle",
        (2688, 2689),
        200,
        100,
        cpus=4,
    ),
    target("user.syscall_null", "cheapest call, there and back", (338, 338), 140, 80, **USER),
    target("user.ipc_roundtrip_2w", "call and answer of 2 words", None, 750, 400, **USER),
    target("user.ipc_roundtrip_60w", "of 60 words", None, 900, 600, **USER),
    target("user.ipc_string_4m", "a string of 4 MiB, each KiB", None, 400, 340, **USER),
    target("user.signal_wait", "two notifications, there and back", None, 1500, 1000, **USER),
    target(
        "user.fault_anon",
        "first write to a page, by a user-level pager, zeroing included",
        (3803, 4132),
        3000,
        2300,
        **USER,
    ),
    target(
        "user.fault_cow", "copy-on-write, by the pager", (5400, 5400), (3700, 3850), 2700, **USER
    ),
    target("user.map_unmap", "a page mapped and unmapped", None, (1420, 1520), 900, **USER),
    target(
        "user.task_create_destroy",
        "a task with a page and a thread, made and ended",
        None,
        (12700, 14000),
        8000,
        **USER,
    ),
    target(
        "user.fork_exit_wait_24p",
        "fork, exit, wait, of a process of 24 pages",
        (104186, 115371),
        80000,
        50000,
        **USER,
    ),
    target("user.fork_exit_wait_100p", "of 100 pages", (132610, 149665), 110000, 80000, **USER),
    target(
        "user.spawn_exit_wait",
        "a program started, to its end",
        (296380, 317700),
        100000,
        60000,
        **USER,
    ),
    target(
        "user.pipe_roundtrip",
        "a byte there and one back, through two pipes",
        (16812, 17150),
        7200,
        3000,
        **USER,
    ),
    target(
        "user.pipe_throughput",
        "a KiB through a pipe, by 4 KiB",
        (1619, 1669),
        2400,
        800,
        **USER,
    ),
    target("user.prompt", "from step 8 to the first prompt", None, 60000000, 30000000, **USER),
]


def linux_figures(kernel):
    """Of each target; 0 where there is none to compare with.  kernel: its index in KERNELS."""
    return [goal.linux[kernel] if goal.linux else 0 for goal in TARGETS]


def show(value):
    """A figure as people read it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def table(head, rows):
    """A Markdown table whose columns also line up on a terminal; the first column to the left, the
    others to the right.
    """
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    width = [max(3, *(len(row[i]) for row in rows)) for i in range(len(head))]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width[i]) if i else cell.ljust(width[i]) for i, cell in enumerate(row)
        )
        + " |"
        for row in rows
    ]
    lines.insert(
        1,
        "|" + "|".join("-" * (width[i] + 1) + (":" if i else "-") for i in range(len(head))) + "|",
    )
    return "\n".join(lines)


def run_of(runs, kernel, cpus, who="tarn", variant=""):
    return runs.get(f"{who}.{kernel}.smp{cpus}{variant}")


def verdict(value, most, stretch):
    if value is None:
        return "-"
    return "ABOVE" if value > most else "stretch" if value <= stretch else "ok"


def target_row(runs, goal):
    row = [goal.key + goal.variant.replace(".", " "), goal.cpus]
    for i, kernel in enumerate(KERNELS):
        run = run_of(runs, kernel, goal.cpus, variant=goal.variant)
        value = run.value(goal.key) if run else None
        row += [show(value), show(goal.most[i]), verdict(value, goal.most[i], goal.stretch[i])]
    return row


def targets_table(runs):
    """Of the keys that were measured; with what was aimed at, where the bound is another."""
    rows = [
        [*target_row(runs, goal), show(AIMED_AT[goal.key]) if goal.key in AIMED_AT else ""]
        for goal in TARGETS
    ]
    return table(
        ["key", "CPUs", "2-level", "at most", "verdict", "PAE", "at most", "verdict", "aimed at"],
        [row for row in rows if row[2] != "-" or row[5] != "-"],
    )


def above_target(runs):
    """The keys over their figure, as "kernel key"."""
    rows = [target_row(runs, goal) for goal in TARGETS]
    return [
        f"{kernel} {row[0]}"
        for row in rows
        for kernel, said in zip(KERNELS, (row[4], row[7]))
        if said == "ABOVE"
    ]


# 1,000,000 pairs on four busy CPUs: slots behind a page table, interrupts in a flush round,
# interrupts that only wake threads.
SLOTS = {"2level": 1024, "pae": 512}
INTERRUPTS = 3.0
# What each of these holds while the turn wraps cannot be handed out in the next turn.
OTHERS = 3
WAKE_UPS = 32
RUN_ON_FOUR = re.compile(r"tarn\.(\w+)\.smp4(?:\.tables(\d+))?(\.lazy)?$")


def rounds_row(name, slots, figure):
    """Flush rounds of kmap.million: one for as many pairs as there are slots, each of which
    interrupts the three other CPUs.
    """
    rounds = round(figure.events["rounds"] * figure.operations / 1000)
    interrupts = round(figure.events["ipis"] * figure.operations / 1000)
    most = math.ceil(figure.operations / slots)
    good = (
        rounds <= math.ceil(figure.operations / (slots - OTHERS))
        and interrupts <= INTERRUPTS * rounds + WAKE_UPS
    )
    return [
        name,
        f"{figure.operations:,}",
        rounds,
        most,
        interrupts,
        f"{INTERRUPTS * rounds:.0f}",
        "ok" if good else "ABOVE",
    ]


def lazy_row(name, figure):
    """While the CPUs switch address spaces a lazy flush needs to interrupt nobody."""
    rounds, interrupts = (
        round(figure.events[event] * figure.operations / 1000) for event in ("rounds", "ipis")
    )
    return [
        name,
        f"{figure.operations:,}",
        rounds,
        "-",
        interrupts,
        0,
        "ok" if interrupts <= WAKE_UPS else "ABOVE",
    ]


def rounds_table(runs):
    rows = []
    for tag, run in runs.items():
        if not (match := RUN_ON_FOUR.match(tag)):
            continue
        if match[3] and (figure := run.figures.get("kmap.million_switching")):
            rows.append(lazy_row(f"{tag}, switching", figure))
        elif not match[3] and (figure := run.figures.get("kmap.million")):
            rows.append(rounds_row(tag, SLOTS[match[1]] * int(match[2] or 1), figure))
    head = ["kmap.million", "pairs", "rounds", "at most", "interrupts", "at most", "verdict"]
    return table(head, rows) + (
        f"\n\nUp to {WAKE_UPS} interrupts more only wake threads; a turn is up to {OTHERS} slots short, "
        "those that other CPUs hold while it wraps."
    )


def all_table(runs):
    """Every key of every run: the means, or of a distribution the largest."""
    runs = list(runs.values())
    keys = sorted({key for run in runs for key in run.keys()}, key=natural)
    return table(
        ["key", *(run.tag for run in runs)],
        [[key, *(show(run.value(key)) for run in runs)] for key in keys],
    )


def events_table(runs):
    """Events for a thousand operations, where there are any."""
    rows = []
    for run in runs.values():
        for key, figure in sorted(run.figures.items()):
            if any(figure.events.values()):
                rows.append([key, run.tag, *(f"{value:g}" for value in figure.events.values())])
    names = next(
        (
            figure.events
            for run in runs.values()
            for figure in run.figures.values()
            if figure.events
        ),
        {},
    )
    return table(["key", "run", *names], rows)


def natural(key):
    """Numbers inside a key in order of size."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in key.replace(".", " . ").split()
    ]


# ---- Beside an earlier run ----

# The timer's interrupts fall elsewhere when code changes: a growth below both of these is no
# growth.
NOISE_TICKS = 0.5
NOISE_PART = 0.002


@dataclass
class Change:
    tag: str
    key: str
    old: float
    new: float

    @property
    def grew(self):
        return self.new - self.old > max(NOISE_TICKS, self.old * NOISE_PART)

    @property
    def shrank(self):
        return self.old - self.new > max(NOISE_TICKS, self.old * NOISE_PART)

    def __str__(self):
        part = f" ({(self.new / self.old - 1) * 100:+.1f} %)" if self.old else ""
        return f"{self.tag} {self.key}: {show(self.old)} -> {show(self.new)}{part}"


def compared_values(run):
    values = {key: figure.mean for key, figure in run.figures.items()}
    for key, figure in run.figures.items():
        values |= {f"{key} {name}/1000": value for name, value in figure.events.items()}
    for key, distribution in run.distributions.items():
        values |= {
            f"{key} {name}": distribution[name]
            for name in ("p50", "p99", "max")
            if name in distribution
        }
    return values


def changes(old, new):
    """What both runs have, value by value: a list of Change."""
    found = []
    for tag in sorted(set(old) & set(new)):
        before, after = compared_values(old[tag]), compared_values(new[tag])
        found += [
            Change(tag, key, before[key], after[key]) for key in sorted(set(before) & set(after))
        ]
    return found


def missing(old, new):
    """Keys that the old run has and the new one has not: nobody can say that they did not grow."""
    return [
        f"{tag} {key}"
        for tag in sorted(old)
        for key in old[tag].keys()
        if tag not in new or new[tag].value(key) is None
    ]


def diff_text(old, new):
    """The report, and whether anything grew (or can no longer be compared)."""
    every = changes(old, new)
    grew = sorted((c for c in every if c.grew), key=lambda c: c.old / c.new)
    gone = missing(old, new)
    lines = [f"grew: {change}" for change in grew] + [f"gone: {key}" for key in gone]
    shrank = sum(change.shrank for change in every)
    lines.append(
        f"{len(every)} values compared: {len(grew)} grew, {shrank} shrank, {len(gone)} keys are gone"
    )
    return "\n".join(lines), bool(grew or gone or not every)


# ---- Beside Linux ----


def is_compared(key, run):
    """The slowest of a distribution is often just the one with a timer interrupt in it: only those
    with a target count.
    """
    return not key.startswith("calib.") and (
        key in run.figures or key in {goal.key for goal in TARGETS}
    )


def shared_keys(ours, theirs):
    both = (key for key in ours.keys() if ours.value(key) and theirs.value(key))
    return sorted((key for key in both if is_compared(key, ours)), key=natural)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def linux_table(ours, theirs):
    """One table of two runs of the same kind; the ratio is theirs to ours: how many times as dear
    Linux is.
    """
    rows = [
        [
            key,
            show(ours.value(key)),
            show(theirs.value(key)),
            f"{theirs.value(key) / ours.value(key):.2f}",
        ]
        for key in shared_keys(ours, theirs)
    ]
    mean = geometric_mean(
        [theirs.value(key) / ours.value(key) for key in shared_keys(ours, theirs)]
    )
    rows.append(["geometric mean", "", "", f"{mean:.2f}" if mean else "-"])
    return table(["key", ours.tag, theirs.tag, "Linux / Tarn"], rows)


def target_ratios(ours, theirs):
    """Linux / Tarn of the keys that have a target on that many CPUs, over all kernels."""
    ratios = []
    for goal in TARGETS:
        for kernel in KERNELS:
            if goal.variant:
                continue
            pair = run_of(ours, kernel, goal.cpus), run_of(theirs, kernel, goal.cpus, "linux")
            if all(pair) and all(run.value(goal.key) for run in pair):
                ratios.append(pair[1].value(goal.key) / pair[0].value(goal.key))
    return ratios
