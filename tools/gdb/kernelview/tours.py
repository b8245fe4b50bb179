"""Guided tours: `tarn tour NAME` leads through a boot, stop by stop.  docs/tours.md describes the files."""

import os

import gdb

import tourfile
from kernelview import Unavailable
from kernelview.commands import Subcommand, show
from kernelview.constants import ROOT

WIDTH = 78


class NotReached(Exception):
    """The tour does not get on: why."""


def automatic():
    return bool(os.environ.get("TOUR_AUTO"))


# ---- A stop ----


def go_to(location):
    """Lets the machine run until it is there; LOCATION may end in `if CONDITION`."""
    try:
        gdb.decode_line(location.partition(" if ")[0])
        breakpoint_ = gdb.Breakpoint(location, internal=True, temporary=True)
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
        shown.append(f"{'=>' if number == line else '  '} {number:4} {lines[number - 1].expandtabs(8)}")
    return shown


def where():
    """File and line; at the entry of a function that begins with an inline one from elsewhere, the function's own."""
    frame = gdb.selected_frame()
    place, function = frame.find_sal(), frame.function()
    if function and place.symtab and place.symtab.filename != function.symtab.filename:
        return function.symtab.filename, function.line
    return (place.symtab.filename, place.line) if place.symtab else ("", 0)


def indented(text, by="    "):
    return "\n".join(by + line for line in text.splitlines())


class Player:
    """A tour under way."""

    def __init__(self, tour):
        self.tour, self.next = tour, 0
        self.output = ""  # of the commands of this stop

    def heading(self, stop):
        words = f" {self.tour.name} {self.next + 1}/{len(self.tour.stops)}: {stop.name} "
        gdb.write("\n" + words.center(WIDTH, "=") + "\n")

    def play_next(self):
        stop, self.output = self.tour.stops[self.next], ""
        self.heading(stop)
        for key, text in stop.parts:
            try:
                getattr(self, "do_" + key)(text)
            except (gdb.error, gdb.GdbError, Unavailable, NotReached) as why:
                raise NotReached(f"stop {self.next + 1} ({stop.name}), {key}: {why}") from None
        self.next += 1

    # Each key of a stop, in the order of the file.

    @staticmethod
    def do_at(text):
        go_to(text)

    @staticmethod
    def do_run(text):
        run_commands(text)

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


def ask(player):
    """Enter: True.  q: False.  Anything else is a command of GDB's."""
    while True:
        try:
            line = input(f"({player.tour.name} {player.next}/{len(player.tour.stops)}: Enter goes on, q leaves) ").strip()
        except (EOFError, KeyboardInterrupt):
            return False
        if not line:
            return True
        if line in ("q", "quit"):
            return False
        try:
            gdb.execute(line, True)
        except gdb.error as why:
            gdb.write(f"{why}\n")


def play(player):
    while player.next < len(player.tour.stops):
        player.play_next()
        if player.next < len(player.tour.stops) and not automatic() and not ask(player):
            gdb.write("The tour waits here: `tarn tour` goes on with it.\n")
            return
    gdb.write(f"\nEnd of the tour {player.tour.name}: {len(player.tour.stops)} stops.\n")


class Tour(Subcommand):
    """Guided tours: tarn tour NAME starts one (make tour NAME), tarn tour goes on with the one that was left

At each stop Enter goes on, q leaves for GDB's own prompt, anything else is a command of GDB's."""

    player = None

    def complete(self, text, word):
        return [name for name in tourfile.names() if name.startswith(word)]

    def invoke(self, argument, from_tty):
        name = argument.strip()
        try:
            if name:
                Tour.player = Player(tourfile.load(name))
            if not Tour.player:
                show(tourfile.listing())
                return
            gdb.execute("set pagination off")
            play(Tour.player)
        except (NotReached, tourfile.Faulty) as why:
            raise gdb.GdbError(f"tarn tour: {why}") from None


def register():
    Tour("tour")
