"""The lines that a measured kernel prints, read; and the file in which a run is kept (JSON).

    BENCH <tag> <key> <operations> <total> <operations per batch> <smallest batch> [name=value ...]
    DIST <tag> <key> n= min= p50= p90= p99= max=
    INFO <tag> <key> <text>
    BENCH-END <tag>
"""

import json
import re
from dataclasses import asdict, dataclass, field

# Linux puts its time stamp in front, and ends lines with a carriage return.
LINE = re.compile(r"\b(BENCH|DIST|INFO) (\S+) (\S+) ?([^\r\n]*)")
END = re.compile(r"\bBENCH-END (\S+)")


class BadLine(ValueError):
    """A line that begins like one of these, but is not one."""


@dataclass
class Figure:
    operations: int
    total: int
    per: int
    least: int
    events: dict = field(default_factory=dict)

    @property
    def mean(self):
        return self.total / self.operations


@dataclass
class Run:
    """One boot: a tag such as tarn.2level.smp4, and what it printed under each key."""

    tag: str
    figures: dict = field(default_factory=dict)
    distributions: dict = field(default_factory=dict)
    infos: dict = field(default_factory=dict)
    ended: bool = False

    def value(self, key):
        """What is compared: the mean of an operation, or the slowest of a distribution; None if
        there is neither.
        """
        if key in self.figures:
            return self.figures[key].mean
        return self.distributions[key]["max"] if key in self.distributions else None

    def keys(self):
        return sorted([*self.figures, *self.distributions])


def number(text):
    return int(text, 16) if text.lower().startswith("0x") else int(text)


def pairs(words):
    return dict(word.split("=", 1) for word in words)


def read_figure(text):
    words = text.split()
    events = {name: float(value) for name, value in pairs(words[4:]).items()}
    return Figure(*map(number, words[:4]), events)


def read_line(run, kind, key, rest):
    if kind == "BENCH":
        figure = read_figure(rest)
        if not figure.operations or not figure.per:
            raise ValueError("no operations")
        run.figures[key] = figure
    elif kind == "DIST":
        run.distributions[key] = {
            name: number(value) for name, value in pairs(rest.split()).items()
        }
    else:
        run.infos[key] = rest


def parse(text):
    """The Run of one log.  Raises BadLine, with the line, if one is damaged or there is none at
    all.
    """
    run = None
    for match in LINE.finditer(text):
        kind, tag, key, rest = match.groups()
        run = run or Run(tag)
        try:
            read_line(run, kind, key, rest)
        except (ValueError, TypeError) as error:
            raise BadLine(f"{match.group()!r}: {error}") from error
    end = END.search(text)
    if not run and not end:
        raise BadLine("no line of a benchmark in the log")
    run = run or Run(end[1])
    run.ended = bool(end)
    return run


def save(runs, path):
    path.write_text(
        json.dumps({run.tag: asdict(run) for run in runs}, indent=1, sort_keys=True) + "\n"
    )


def load(path):
    """The runs of a file that save() wrote, by tag."""
    runs = {tag: Run(**kept) for tag, kept in json.loads(path.read_text()).items()}
    for run in runs.values():
        run.figures = {key: Figure(**figure) for key, figure in run.figures.items()}
    return runs
