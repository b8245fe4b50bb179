"""Tours as data: what docs/tours.md describes, read and checked.  Knows no debugger."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "tours"
KEYS = ("at", "run", "say", "source", "show", "look", "expect", "shows")
HEAD = ("title", "about", "machine")
MACHINE = {
    "memory": str,
    "smp": str,
    "append": str,
    "loader": str,
    "kind": str,
    "cpu": str,
    "pae": lambda word: word == "yes",
    "reverse": lambda word: word == "yes",
}
DEFAULTS = "memory=128M smp=1 kind=debug"


class Faulty(Exception):
    """A tour that cannot be read: file, line, and what is wrong."""


@dataclass
class Stop:
    name: str
    line: int
    parts: list = field(default_factory=list)  # (key, text) in the order of the file

    def texts(self, key):
        return [text for name, text in self.parts if name == key]


@dataclass
class Tour:
    name: str
    title: str = ""
    about: str = ""
    machine_words: str = ""
    stops: list = field(default_factory=list)

    def machine(self):
        """What session.Settings are told: values by name."""
        settings = {}
        for word in shlex.split(DEFAULTS) + shlex.split(self.machine_words):
            key, _, value = word.partition("=")
            settings[key] = MACHINE[key](value)
        settings["kind"] = {"plain": "", "debug": "-debug", "poison": "-poison"}[settings["kind"]]
        if not settings.get("reverse"):
            # A stop that is never reached must not leave the tour waiting: the kernel ends the
            # machine.
            settings["append"] = f"{settings.get('append', '')} exit".strip()
        return settings


class Reader:
    """Line by line: `key: text`, with further lines of the text indented."""

    def __init__(self, name, text):
        self.tour = Tour(name)
        self.number = 0
        self.add = None  # takes the next indented line
        for self.number, line in enumerate(text.splitlines(), 1):
            self._read(line.rstrip())
        if not self.tour.title or not self.tour.stops:
            self._fail("a tour has a title and at least one stop")

    def _fail(self, what):
        raise Faulty(f"{self.tour.name}.tour, line {self.number}: {what}")

    def _read(self, line):
        if line.startswith("#"):
            return
        if line.startswith(("    ", "\t")) or not line:
            self._continue(line)
        elif line.startswith("--"):
            self.tour.stops.append(Stop(line.lstrip("- "), self.number))
            self.add = None
        else:
            self._key(line)

    def _continue(self, line):
        if self.add:
            self.add(line.strip())
        elif line:
            self._fail("an indented line belongs to a key, and there is none before it")

    def _key(self, line):
        found = re.match(r"(\w+):\s*(.*)", line)
        if not found:
            self._fail(f"expected `key: text`, an indented line, or `-- name of a stop`: {line}")
        key, text = found.groups()
        if self.tour.stops:
            self._of_stop(key, text)
        else:
            self._of_head(key, text)

    def _of_head(self, key, text):
        if key not in HEAD:
            self._fail(f"{key}: before the first stop only " + ", ".join(HEAD) + " may stand")
        setattr(self.tour, "machine_words" if key == "machine" else key, text)
        self.add = None
        for word in shlex.split(text) if key == "machine" else []:
            if word.partition("=")[0] not in MACHINE:
                self._fail(f"machine knows {', '.join(MACHINE)}, not {word}")

    def _of_stop(self, key, text):
        if key not in KEYS:
            self._fail(f"{key}: a stop knows " + ", ".join(KEYS))
        parts = self.tour.stops[-1].parts
        parts.append((key, text))

        def add(more):
            parts[-1] = (key, f"{parts[-1][1]}\n{more}".strip("\n") if parts[-1][1] else more)

        self.add = add


def names():
    return sorted(path.stem for path in FOLDER.glob("*.tour"))


def load(name):
    path = FOLDER / f"{name}.tour"
    if not path.is_file():
        raise Faulty(f"there is no tour {name}; there are: " + ", ".join(names()))
    return Reader(name, path.read_text()).tour


def listing():
    tours = [load(name) for name in names()]
    width = max(len(tour.name) for tour in tours)
    return [
        f"{tour.name:{width}}  {tour.title}"
        + (f"\n{'':{width}}  {tour.about}" if tour.about else "")
        for tour in tours
    ]


def not_written(console):
    """What a lab's tree lacks, as its kernel has said (labs/tree/lib/lab.h); or ""."""
    found = re.search(r"lab \d+: \w+ is not written yet \([\w/.]+\)", console)
    return found[0] if found else ""
