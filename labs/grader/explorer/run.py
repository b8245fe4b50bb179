"""One run of the explorer in the sandbox, and what it claims."""

import re
import subprocess
from dataclasses import dataclass

NO_CONTROL = "none"
# Bounds of one run: states, which are the same each time (the reference has 40,000, and so many as
# here take a few seconds); the rest is for those who come to none.
STATES, CPU_SECONDS, OUTPUT = 400_000, 40, 8 << 20
WALL_SECONDS = 600


@dataclass
class Claim:
    """What a run says, which is as good as the student's word."""

    status: int  # of the process; negative: a signal
    explored: str = ""  # "any number", or the bound up to which nothing was left out
    failed: str = ""
    trace: str = ""
    last: str = ""  # line of what it printed

    def passed(self, bound):
        """Says that no schedule with so few preemptions fails."""
        if self.status or self.failed or not self.explored:
            return False
        return self.explored == "any number" or int(self.explored) >= bound


def read(status, text, scenario):
    failed = re.search(rf"^FAILED {scenario}: (.*)\n((?:.*\n)*?)replay: ", text, re.M)
    rows = re.findall(
        rf"^{scenario} +\d CPUs  preemptions: (?:at most (\d+)|(any number)|not even 0) ",
        text,
        re.M,
    )
    explored = "".join(rows[0]) if len(rows) == 1 else ""
    told = failed or re.search(rf"^FAILED {scenario}: (.*)\n()", text, re.M)
    failed, trace = told.groups() if told else ("", "")
    return Claim(status, explored, failed, trace, (text.splitlines() or [""])[-1])


class Runner:
    """program: the explorer; sandbox: where it runs; folder: for its output."""

    def __init__(self, program, sandbox, folder):
        self.program, self.sandbox, self.folder = program, sandbox, folder

    def explore(self, scenario, bound, control=NO_CONTROL):
        """The Claim of a run.  Every run has the same command: what is broken comes by the pipe."""
        words = ["--states", str(STATES), "--bound", f"0-{bound}", "--brief", "--control", scenario]
        with open(self.folder / "said", "w+b") as said:
            status = self.run(words, control, said)
            said.seek(0)
            text = said.read(OUTPUT).decode(errors="replace")
        return read(status, text, scenario)

    def run(self, words, control, said):
        limits = ["prlimit", f"--cpu={CPU_SECONDS}", f"--fsize={OUTPUT}"]
        command = [*self.sandbox.prefix([self.program]), *limits, str(self.program), *words]
        try:
            done = subprocess.run(
                command,
                input=f"{control}\n".encode(),
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=WALL_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return -9
        return done.returncode

    def lines_of(self, addresses):
        """{address behind a call: "file:line" of the function that it lies in}, by the program's
        own account; what is inlined there is that function's.
        """
        wanted = [hex(int(address, 16) - 1) for address in addresses]
        command = [*self.sandbox.prefix([self.program]), "addr2line", "-aie", str(self.program)]
        done = subprocess.run([*command, *wanted], capture_output=True, text=True)
        parts = re.split(r"^0x0*[0-9a-f]+\n", done.stdout, flags=re.M)[1:]
        found = [(part.splitlines() or ["?"])[-1].split(" (")[0] for part in parts]
        return {at: row.rsplit("/", 1)[-1] for at, row in zip(addresses, found)}
