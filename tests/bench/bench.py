#!/usr/bin/env python3
"""make bench, bench-diff, bench-linux: boots, then a table on the terminal, and files under
<build>/bench.

    bench.py --build build run [WHAT]    all keys and curves, or what bench= of the command line
    takes
    bench.py --build build diff OLD      the newest run beside an earlier one (its .json)
    bench.py --build build linux         the newest run beside Linux
"""

import argparse
import sys
import time
from pathlib import Path

import boots
import figures
import tables

SMP = (4, 1)
CURVE_CPUS = 8
ELF = {"2level": "tarn.elf", "pae": "tarn-pae.elf"}
LAZY = "kmap_flush=lazy"
# Page tables behind the pool: some, and all that fit.
TABLES = {"2level": (2, 4, 7), "pae": (2, 4, 8, 14)}


def boots_of_programs(kernel, what):
    """Programs measure what begins with one of these keys; the prompt has a boot of its own."""
    keys = "" if what == "user" else what
    programs = [
        boots.UserBoot(kernel, 1, program, keys) for program in ("bench", "bench_processes")
    ]
    wants_prompt = any("user.prompt".startswith(key) for key in what.split(","))
    return programs + ([boots.PromptBoot(kernel, 1)] if wants_prompt else [])


def boots_of(what):
    """The boots that measure `what`; the long ones first."""
    if what.startswith("user"):
        return [boot for kernel in tables.KERNELS for boot in boots_of_programs(kernel, what)]
    if what.startswith("curves"):
        return [boots.Boot(kernel, CURVE_CPUS, what) for kernel in tables.KERNELS]
    return [boots.Boot(kernel, cpus, what) for cpus in SMP for kernel in tables.KERNELS]


def boots_of_pools():
    """The pool as the options make it: flushed lazily, and longer."""
    lazy = [boots.Boot(kernel, cpus, "kmap.", LAZY) for kernel in tables.KERNELS for cpus in SMP]
    longest = [
        boots.Boot(kernel, 4, "kmap.million", f"pkmap_tables={TABLES[kernel][-1]}")
        for kernel in tables.KERNELS
    ]
    curve = [
        boots.Boot(kernel, 1, "kmap.pair_wrap,kmap.each", f"pkmap_tables={n}")
        for kernel in tables.KERNELS
        for n in TABLES[kernel]
    ]
    return lazy + longest + curve


def write_report(runs, path, title):
    parts = [
        f"# {title}",
        "Guest instructions for one operation; of a distribution the largest.",
        tables.targets_table(runs),
        tables.rounds_table(runs),
        tables.all_table(runs),
        "Events for a thousand operations:",
        tables.events_table(runs),
    ]
    path.write_text("\n\n".join(parts) + "\n")


def draw_charts(runs, folder):
    import charts  # matplotlib takes long to load

    return charts.draw(runs, folder)


def say_above(runs):
    above = tables.above_target(runs)
    print(
        f"{len(above)} above their figure: {', '.join(above)}"
        if above
        else "None is above its figure."
    )


# What all keys of one boot may take together, in guest instructions.
BUDGET = 4_000_000_000


def check_budget(runs):
    for run in runs.values():
        spent = int(run.infos.get("bench.ticks", 0))
        if spent > BUDGET:
            raise boots.Failed(
                f"{run.tag}: all keys together take {spent:,} guest instructions; they may take {BUDGET:,}"
            )


def run_everything(args):
    """All keys on one CPU and four, the curves on eight: bench.json, bench.md, charts."""
    runs = boots.every(
        boots_of("all") + boots_of("user") + boots_of("curves") + boots_of_pools(),
        args.build,
        args.folder / "log",
        args.jobs,
    )
    figures.save(runs.values(), args.folder / "bench.json")
    write_report(runs, args.folder / "bench.md", "What an operation costs")
    made = draw_charts(runs, args.folder)
    print(f"\n{tables.targets_table(runs)}\n\n{tables.rounds_table(runs)}\n")
    say_above(runs)
    check_budget(runs)
    print(
        f"\nWritten to {args.folder}: bench.md (every key), bench.json, {', '.join(path.name for path in made)}"
    )
    return runs


def run_part(args):
    runs = boots.every(boots_of(args.what), args.build, args.folder / "log", args.jobs)
    figures.save(runs.values(), args.folder / "part.json")
    write_report(runs, args.folder / "part.md", f"What an operation costs: {args.what}")
    draw_charts(runs, args.folder) if args.what.startswith("curves") else None
    print(f"\n{tables.all_table(runs)}\n\nWritten to {args.folder}: part.md, part.json")


def newest(args):
    """The figures of the kernels as they are: measured again if a kernel is newer than
    bench.json.
    """
    kept = args.folder / "bench.json"
    if kept.exists() and all(
        (args.build / elf).stat().st_mtime < kept.stat().st_mtime for elf in ELF.values()
    ):
        return figures.load(kept)
    return run_everything(args)


def command_run(args):
    if args.what:
        run_part(args)
    else:
        run_everything(args)
    return 0


def command_diff(args):
    if not args.old.is_file():
        print(
            f"bench-diff: {args.old} is no file: make bench-diff OLD=file, the bench.json of an earlier run",
            file=sys.stderr,
        )
        return 2
    old = figures.load(args.old)
    text, grew = tables.diff_text(old, newest(args))
    print(text)
    return 1 if grew else 0


def linux_text(ours, theirs):
    parts = [
        "# Tarn beside Linux",
        "Guest instructions for one operation; of a distribution the largest.",
    ]
    for run in theirs.values():
        own = ours.get(run.tag.replace("linux", "tarn", 1))
        parts += [tables.linux_table(own, run)] if own else []
    ratios = tables.target_ratios(ours, theirs)
    if ratios:
        mean = tables.geometric_mean(ratios)
        parts.append(
            f"Geometric mean of Linux / Tarn over the {len(ratios)} figures that have a target: {mean:.2f}"
        )
    return "\n\n".join(parts) + "\n"


def measure_linux(args):
    """Linux's figures: kept ones if they are of the same module, /init and options, since two runs
    agree to the last digit.
    """
    import linux_kernels

    kept, mark = args.folder / "linux.json", args.folder / "linux/measured"
    digest = linux_kernels.digest()
    if kept.exists() and mark.exists() and mark.read_text() == digest:
        print(f"Linux's figures are kept ones; remove {kept} to measure again.")
        return figures.load(kept)
    print("Debian's kernels, our module:", flush=True)
    started = time.monotonic()
    runs = boots.every(
        linux_kernels.prepare(args.folder / "linux"), args.build, args.folder / "log", args.jobs
    )
    figures.save(runs.values(), kept)
    mark.write_text(digest)
    print(f"Linux took {time.monotonic() - started:.0f} s.")
    return runs


def command_linux(args):
    ours = newest(args)
    text = linux_text(ours, measure_linux(args))
    (args.folder / "linux.md").write_text(text)
    print(f"\n{text}\nWritten to {args.folder}: linux.md, linux.json")
    return 0


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--jobs", type=int, default=2, help="boots at a time")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run")
    run.add_argument("what", nargs="?", default="")
    run.set_defaults(call=command_run)
    diff = commands.add_parser("diff")
    diff.add_argument("old", type=Path)
    diff.set_defaults(call=command_diff)
    commands.add_parser("linux").set_defaults(call=command_linux)
    return parser.parse_args()


def main():
    args = arguments()
    args.folder = args.build / "bench"
    args.folder.mkdir(parents=True, exist_ok=True)
    try:
        return args.call(args)
    except boots.Failed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
