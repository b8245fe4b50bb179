"""Drives Tarn's shell over the serial line: a line is typed when the prompt is there, and its
output ends where the next prompt begins.  Nothing waits for a time."""

import re

import pytest

from qemu import Boot, Machine

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
BUILDS = pytest.mark.parametrize("kernel", ["2level", "pae", "2level-debug", "pae-debug"])
# Behind the echo of Enter: the output, and the next prompt, in its folder.
ANSWER = re.compile(r"\n((?:.*\n)*?)tarn:(\S+)\$ ")
PROMPT = re.compile(r"^tarn:(\S+)\$ ", re.M)
CANCELLED = re.compile(r"\^C\n(?s:.*?)tarn:\S+\$ ")


class Behind:
    """A pattern that is looked for from a place of the console's text on."""

    def __init__(self, pattern, place):
        self.compiled, self.place, self.pattern = pattern, place, pattern.pattern

    def search(self, text):
        return self.compiled.search(text, self.place)


class Shell:
    def __init__(self, build, kernel="2level", **machine):
        machine = {"smp": "2", "memory": "256M", "append": "selftest=none", **machine}
        kernel, _, kind = kernel.partition("-")
        machine = Machine(kernel, programs=True, typed=True, debug=kind == "debug", **machine)
        self.boot = Boot(machine, build)
        self.place = 0

    def __enter__(self):
        self.wait_for(PROMPT)
        return self

    def __exit__(self, *exception):
        self.boot.__exit__(*exception)

    def wait_for(self, pattern):
        match = self.boot.wait_for(Behind(pattern, self.place))
        self.place = match.end()
        return match

    def run(self, line):
        """What the line prints."""
        self.boot.type(line + "\r")
        return self.wait_for(ANSWER)[1]

    def begin(self, line, said):
        """Types a line that does not end, and waits for what it prints."""
        self.boot.type(line + "\r")
        self.wait_for(re.compile(r"\n" + said))

    def cancel(self):
        """Ctrl-C, for the line that is typed or the program in front."""
        self.boot.type("\x03")
        self.wait_for(CANCELLED)

    def wait_for_end(self, job, status=137):
        """Until the shell, which looks at each prompt, tells that the job has ended."""
        while f" ended with {status}: {job}\n" not in self.boot.text:
            self.run("true")

    def check(self, line, wanted):
        seen = self.run(line)
        assert seen == wanted, self.boot.report(f"{line!r} printed {seen!r}, not {wanted!r}")
