"""Guided tours: `tarn tour NAME` leads through a boot, stop by stop.  docs/tours.md describes the
files.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import gdb

import tourfile
from kernelview import Unavailable, commands
from kernelview.commands import Subcommand, show
from kernelview.constants import ROOT

WIDTH = 78
SILENT = ("at", "run", "expect")  # of a stop that is passed, and not shown


class NotReached(Exception):
    """The tour does not get on: why."""


class NotWritten(NotReached):
    """In a student's tree: so far it comes, and no further."""


def not_reached(why):
    """The exception for it: a kernel that has ended may have said more."""
    path = os.environ.get("TARN_CONSOLE")
    lacks = path and tourfile.not_written(Path(path).read_text(errors="replace"))
    return NotWritten(f"this tree comes no further: {lacks}") if lacks else NotReached(why)


def automatic():
    return os.environ.get("TOUR_AUTO", "") not in ("", "0")


# ---- A stop ----


def go_to(location):
    """Lets the machine run until it is there; LOCATION may end in `if CONDITION`."""
    place, _, condition = location.partition(" if ")
    try:
        gdb.decode_line(place)
        breakpoint_ = gdb.Breakpoint(place, internal=True, temporary=True)
        # A condition inside of the location is parsed, and forgotten.
        breakpoint_.condition = condition or None
    except gdb.error as why:
        raise NotReached(f"no breakpoint at {location}: {why}") from None
    output = gdb.execute("continue", to_string=True)
    if breakpoint_.is_valid():
        breakpoint_.delete()
        raise NotReached(f"{location} was not reached: " + output.strip().replace("\n", " "))


def run_commands(text):
    for line in text.splitlines():
        gdb.execute(line, to_string=True)


def source_lines(count):
    """The line of the selected frame, some before it and `count` in all."""
    file, line = where()
    path = ROOT / file
    if not path.is_file():
        return []
    lines, first = path.read_text().splitlines(), max(1, line - 2)
    shown = [file]
    for number in range(first, min(first + count, len(lines) + 1)):
        shown.append(
            f"{'=>' if number == line else '  '} {number:4} {lines[number - 1].expandtabs(8)}"
        )
    return shown


def where():
    """File and line; at the entry of a function that begins with an inline one from elsewhere, the
    function's own.
    """
    frame = gdb.selected_frame()
    place, function = frame.find_sal(), frame.function()
    if function and place.symtab and place.symtab.filename != function.symtab.filename:
        return function.symtab.filename, function.line
    return (place.symtab.filename, place.line) if place.symtab else ("", 0)


def indented(text, by="    "):
    return "\n".join(by + line for line in text.splitlines())


# ---- Back to a stop ----


@dataclass
class Kept:
    """The state in front of a stop: the machine's is a snapshot of QEMU's, the rest is GDB's."""

    snapshot: str
    thread: int
    variables: dict  # convenience variables that the tour sets
    breakpoints: set  # by their numbers

    def forget(self):
        gdb.execute(f"monitor delvm {self.snapshot}", to_string=True)

    def restore(self):
        answer = gdb.execute(f"monitor loadvm {self.snapshot}", to_string=True).strip()
        if answer:
            raise NotReached(answer)
        # GDB does not know that registers and memory have changed.
        gdb.execute("maintenance flush register-cache", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)
        gdb.execute(f"thread {self.thread}", to_string=True)
        for name, value in self.variables.items():
            gdb.set_convenience_variable(name, value)
        commands.on_stop(None)


def breakpoints():
    return {breakpoint_.number for breakpoint_ in gdb.breakpoints()}


def keep(number, names):
    """None where QEMU cannot keep snapshots: it has no disk for them."""
    snapshot = f"stop-{number}"
    if gdb.execute(f"monitor savevm {snapshot}", to_string=True).strip():
        return None
    variables = {name: gdb.convenience_variable(name) for name in names}
    return Kept(snapshot, gdb.selected_thread().num, variables, breakpoints())


class Player:
    """A tour under way."""

    def __init__(self, tour):
        self.tour, self.next = tour, 0
        self.output = ""  # of the commands of this stop
        self.kept = {}  # by the number of the stop that comes next
        self.own = set()  # breakpoints that the tour itself has made
        self.variables = {
            name
            for stop in tour.stops
            for text in stop.texts("run")
            for name in re.findall(r"^set \$(\w+) =", text, re.M)
        }

    def heading(self, stop):
        words = f" {self.tour.name} {self.next + 1}/{len(self.tour.stops)}: {stop.name} "
        gdb.write("\n" + words.center(WIDTH, "=") + "\n")

    def go_before(self, number):
        """To where stop `number`, counted from 0, comes next: by its snapshot, else by going on."""
        if not 0 <= number < len(self.tour.stops):
            raise NotReached(f"the stops are 1 to {len(self.tour.stops)}")
        if number in self.kept:
            self._back_to(number)
        elif number < self.next:
            raise NotReached(
                "no snapshot was made of that stop: "
                "make tour NAME makes them, where there is qemu-img"
            )
        while self.next < number:
            self.play_next(SILENT)

    def _back_to(self, number):
        """What was kept later goes: the way there may be another one now, and QEMU, which searches
        backwards from snapshot to snapshot, misses what happened just where one was made."""
        kept = self.kept[number]
        kept.restore()
        for breakpoint_ in gdb.breakpoints():
            if breakpoint_.number in self.own - kept.breakpoints:
                breakpoint_.delete()
        for later in [other for other in self.kept if other > number]:
            self.kept.pop(later).forget()
        self.next = number

    def play_next(self, keys=tourfile.KEYS):
        stop, self.output = self.tour.stops[self.next], ""
        if not automatic() and gdb.selected_thread():
            self.kept[self.next] = keep(self.next, self.variables)
            self.kept = {number: kept for number, kept in self.kept.items() if kept}
        if keys is not SILENT:
            self.heading(stop)
        for key, text in [part for part in stop.parts if part[0] in keys]:
            try:
                getattr(self, "do_" + key)(text)
            except (gdb.error, gdb.GdbError, Unavailable, NotReached) as why:
                raise not_reached(f"stop {self.next + 1} ({stop.name}), {key}: {why}") from None
        self.next += 1

    # Each key of a stop, in the order of the file.

    @staticmethod
    def do_at(text):
        go_to(text)

    def do_run(self, text):
        before = breakpoints()
        run_commands(text)
        self.own |= breakpoints() - before

    @staticmethod
    def do_say(text):
        gdb.write(text + "\n\n")

    @staticmethod
    def do_source(text):
        gdb.write("\n".join(source_lines(int(text or 8))) + "\n\n")

    def do_show(self, text):
        for line in text.splitlines():
            gdb.write(f"(gdb) {line}\n")
            result = gdb.execute(line, to_string=True)
            self.output += result
            gdb.write(indented(result) + "\n\n")

    @staticmethod
    def do_look(text):
        gdb.write("Look at: " + text + "\n")

    @staticmethod
    def do_expect(text):
        for line in text.splitlines():
            if not int(gdb.parse_and_eval(line)):
                raise NotReached(f"{line} does not hold")

    def do_shows(self, text):
        for line in text.splitlines():
            if line not in self.output:
                raise NotReached(f"the output does not show '{line}'")


# ---- From stop to stop ----


def wish(player, line):
    """The stop, counted from 0, to which an answer leads; None: it is no such answer."""
    if not line:
        return player.next
    if line == "-":
        return player.next - 2  # the one before the one that is shown
    return int(line) - 1 if line.isdecimal() else None


def ask(player):
    """The stop to go to, or None to leave.  What is no answer is a command of GDB's."""
    count = len(player.tour.stops)
    on = "on" if player.next < count else "the end"
    while True:
        try:
            line = input(
                f"({player.tour.name} {player.next}/{count}; Enter: {on}, -: back, "
                f"1 to {count}: that stop, q: leave) "
            ).strip()
        except (EOFError, KeyboardInterrupt):
            return None
        if line in ("q", "quit"):
            return None
        number = wish(player, line)
        if number is not None:
            return number
        try:
            gdb.execute(line, True)
        except gdb.error as why:
            gdb.write(f"{why}\n")


def visit(player, number):
    """Goes to a stop and shows it.  What is asked for in vain is said, and the tour stays."""
    try:
        player.go_before(number)
    except NotReached as why:
        gdb.write(f"{why}\n")
        return
    player.play_next()


def play(player, number):
    """From stop `number` on."""
    while number is not None and number != len(player.tour.stops):
        try:
            visit(player, number)
        except NotWritten as why:
            gdb.write(f"The tour ends here: {why}\n")
            return
        number = player.next if automatic() else ask(player)
    if number is None:
        gdb.write("The tour waits here: `tarn tour` goes on with it, `tarn tour 1` begins again.\n")
    else:
        gdb.write(f"\nEnd of the tour {player.tour.name}: {len(player.tour.stops)} stops.\n")


class Tour(Subcommand):
    """Guided tours: tarn tour NAME starts one (make tour NAME), tarn tour goes on with the one that
    was left

    At each stop Enter goes on, - goes back to the stop before, a number goes to that stop, q leaves
    for GDB's own prompt, anything else is a command of GDB's.  From GDB's prompt: tarn tour -, tarn
    tour NUMBER."""

    player = None

    def complete(self, text, word):
        return [name for name in tourfile.names() if name.startswith(word)]

    def invoke(self, argument, from_tty):
        try:
            self.start_or_go_on(argument.strip())
        except (NotReached, tourfile.Faulty) as why:
            raise gdb.GdbError(f"tarn tour: {why}") from None

    @staticmethod
    def start_or_go_on(word):
        number = wish(Tour.player, word) if Tour.player else None
        if word and number is None:
            Tour.player = Player(tourfile.load(word))
            number = 0
        if not Tour.player:
            show(tourfile.listing())
            return
        gdb.execute("set pagination off")
        play(Tour.player, number)


def register():
    Tour("tour")
