"""SVG charts of the figures, with Debian's python3-matplotlib."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

import tables  # noqa: E402

# The same figures give the same bytes.
plt.rcParams.update(
    {
        "svg.hashsalt": "tarn",
        "font.size": 9,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.alpha": 0.3,
    }
)
COLOURS = {"2level": "#31688e", "pae": "#35b779", "linux": "#b0b0b0"}


def write(figure, path):
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return path


def value_of(runs, kernel, goal):
    run = tables.run_of(runs, kernel, goal.cpus, variant=goal.variant)
    return (run.value(goal.key) if run else None) or 0


def targets(runs, path):
    """A bar for each key with a target, beside Linux as the targets' table quotes it; the marks are
    the targets.
    """
    figure, both = plt.subplots(1, 2, figsize=(12, 5), sharey=True)
    names = [goal.key + goal.variant.replace(".", " ") for goal in tables.TARGETS]
    rows = range(len(names))
    for i, (kernel, axes) in enumerate(zip(tables.KERNELS, both)):
        values = [value_of(runs, kernel, goal) for goal in tables.TARGETS]
        axes.barh(
            [row - 0.2 for row in rows], values, 0.4, color=COLOURS[kernel], label=f"Tarn, {kernel}"
        )
        linux, most = tables.linux_figures(i), [goal.most[i] for goal in tables.TARGETS]
        axes.barh(
            [row + 0.2 for row in rows], linux, 0.4, color=COLOURS["linux"], label="Linux 6.1"
        )
        axes.plot(most, [row - 0.2 for row in rows], "k|", markersize=11, label="at most")
        axes.set(xscale="log", xlabel="guest instructions", yticks=list(rows), yticklabels=names)
        axes.legend(loc="lower right")
    both[0].invert_yaxis()
    return write(figure, path)


def curve(run, base):
    """The points of the keys base.N, as two lists."""
    points = sorted(
        (int(key[len(base) + 1 :]), figure.mean)
        for key, figure in run.figures.items()
        if key.startswith(base + ".")
    )
    return [x for x, _ in points], [y for _, y in points]


def curves(runs, base, label, path, log=False):
    """One line for each run that has keys base.N; None if there is no such run."""
    with_points = [run for run in runs.values() if curve(run, base)[0]]
    if not with_points:
        return None
    figure, axes = plt.subplots(figsize=(7, 4))
    for run in with_points:
        axes.plot(*curve(run, base), "o-", markersize=3, label=run.tag)
    axes.set(
        xlabel=label,
        ylabel="guest instructions for one operation",
        yscale="log" if log else "linear",
        title=base,
    )
    if not log:
        axes.set_ylim(bottom=0)
    axes.legend()
    return write(figure, path)


CURVES = [
    ("curves.fill", "slots that other threads hold", True),
    ("curves.kmap_cpus", "CPUs that kmap at the same time", False),
    ("curves.page_cpus", "CPUs that allocate and free at the same time", False),
    ("curves.call_cpus", "CPUs called, the caller among them", False),
]


def pool_sizes(runs, kernel, key):
    """A key against the page tables behind the pool, on one CPU: two lists."""
    found = {1: tables.run_of(runs, kernel, 1)}
    found |= {
        n: run
        for n in range(2, 33)
        if (run := tables.run_of(runs, kernel, 1, variant=f".tables{n}"))
    }
    points = [(n, value) for n, run in found.items() if run and (value := run.value(key))]
    return [n for n, _ in points], [value for _, value in points]


def pools(runs, path):
    """What a longer pool saves, and what it costs: the mean, and the slowest kmap, which pays for
    the flush.
    """
    figure, axes = plt.subplots(figsize=(7, 4))
    for kernel in tables.KERNELS:
        for key, style in (("kmap.pair_wrap", "o-"), ("kmap.each", "o--")):
            axes.plot(
                *pool_sizes(runs, kernel, key),
                style,
                markersize=3,
                color=COLOURS[kernel],
                label=f"{kernel}: {key}{' (slowest)' if key == 'kmap.each' else ''}",
            )
    axes.set(xlabel="page tables behind the pool", ylabel="guest instructions", yscale="log")
    axes.legend()
    return write(figure, path)


def draw(runs, folder):
    """All charts for which there are figures; their paths."""
    made = [
        curves(runs, base, label, folder / f"{base.replace('curves.', '')}.svg", log)
        for base, label, log in CURVES
    ]
    if any(tables.run_of(runs, kernel, 1) for kernel in tables.KERNELS):
        made.append(targets(runs, folder / "targets.svg"))
    if any(".tables" in tag for tag in runs):
        made.append(pools(runs, folder / "tables.svg"))
    return [path for path in made if path]
