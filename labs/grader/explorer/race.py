"""Judges a test of this kind: no schedule of its scenarios fails, and with each broken given part
one does.  A run is a claim of the student's process; beside the control runs it counts.
"""

import re

from grader.source_text import Refusal
from grader.build import BuildError
from grader.explorer.build import Explorer
from grader.explorer.kit import NoExplorer
from grader.explorer.run import Runner
from grader.machine.guest import WRITE_IT, not_written
from grader.verdict import Failure, Result

AT_BOOT = 2  # exit status: nothing could be tried
ROWS = 24  # of a schedule that are shown, the last ones


def judge(test, shop):
    """The Result.  shop: the Workshop of the submission, which has built the kernel."""
    found = {"status": "passed", "got": test.points}
    race = Race(test, shop)
    try:
        race.judge()
    except Failure as failure:
        found = {"status": failure.status, "got": 0, "expected": failure.expected}
        found |= {"seen": failure.seen, "hint": failure.hint, "where": failure.where}
    about = {"invariant": test.invariant, "look": race.look}
    return Result(test.name, test.title, test.points, **about, **found)


def control_runs(test):
    """(broken part, scenario, expected failure): of every scenario, unless some are named."""
    for name, expected in test.controls.items():
        named = expected if isinstance(expected, dict) else dict.fromkeys(test.explorer, expected)
        yield from ((name, scenario, said) for scenario, said in named.items())


class Race:
    def __init__(self, test, shop):
        self.test, self.shop = test, shop
        self.look = test.look  # the command that shows what has failed

    def judge(self):
        self.runner = Runner(self.program(), self.shop.sandbox, self.shop.folder)
        for scenario, bound in self.test.explorer.items():
            self.explore(scenario, bound)
        self.check_controls()

    def program(self):
        """Built once for all tests."""
        path = self.shop.folder / "explorer"
        try:
            return path if path.exists() else Explorer(self.shop).build()
        except (NoExplorer, Refusal, BuildError) as error:
            raise self.not_judged(error, "The files are built for the explorer too.") from error

    def not_judged(self, seen, hint):
        return Failure(self.test.title, seen, hint, status="not judged")

    def explore(self, scenario, bound):
        claim = self.runner.explore(scenario, bound)
        if claim.failed:
            raise self.failure(scenario, claim)
        if claim.status < 0 or claim.status > 128:
            raise Failure(
                f"{scenario}: every schedule comes to an end",
                f"the explorer was ended by signal {abs(claim.status) % 128}",
                "A loop that waits without looking at anything, or a wild pointer?",
                status="hang",
            )
        if claim.status == AT_BOOT:
            raise Failure(f"{scenario} begins", claim.last, self.hint(claim.last), status="panic")
        if not claim.passed(bound):
            raise self.not_judged(
                f"{scenario}: the explorer did not say that it tried all up to {bound} preemptions; "
                f"it ended with status {claim.status} and said last: {claim.last}",
                "Does the code keep numbers that grow with every step? Then no state comes twice.",
            )

    def check_controls(self):
        without = set(self.test.explorer) - {scenario for _, scenario, _ in control_runs(self.test)}
        if without:
            raise self.not_judged(f"no control run of {min(without)}", "lab.toml names none.")
        for name, scenario, expected in control_runs(self.test):
            claim = self.runner.explore(scenario, self.test.explorer[scenario], name)
            if claim.status != 1 or not re.search(expected, claim.failed):
                raise self.missed(name, scenario, expected, claim)

    def missed(self, name, scenario, expected, claim):
        said = claim.failed or f"nothing of the kind (status {claim.status})"
        return self.not_judged(
            f"{scenario} with a broken given part ({name}) must fail ({expected}); it said: {said}",
            "Whoever finds nothing wrong there would find nothing wrong here either. Does your "
            "code use what is given?",
        )

    def hint(self, said):
        fits = [hint for text, hint in self.test.hints.items() if re.search(text, said)]
        return next(iter(fits), "")

    def failure(self, scenario, claim):
        name = not_written(claim.failed)
        if name:
            return Failure(self.test.title, f"{scenario}: {claim.failed}", WRITE_IT, (name,))
        self.look = f"make explore SCENARIO={scenario}"
        steps = Steps(claim.trace, self.runner, self.shop.lab.owns)
        return Failure(
            f"in every order of steps: {self.test.invariant}",
            "\n".join([f"{scenario}: {claim.failed}", *steps.rows()]),
            self.hint(f"{scenario}: {claim.failed}"),
            steps.where(),
        )


class Steps:
    """The schedule that failed, as people read it."""

    def __init__(self, trace, runner, owned):
        self.steps = [row for row in map(parsed, trace.splitlines()) if row]
        addresses = sorted({step["at"] for step in self.steps[-ROWS:] if step["at"]})
        self.lines = runner.lines_of(addresses) if addresses else {}
        self.owned = {path.rsplit("/", 1)[-1] for path in owned}

    def line_of(self, step):
        return self.lines.get(step["at"], "")

    def rows(self):
        left = len(self.steps) - ROWS
        return [f"... {left} steps before"] * (left > 0) + [
            f"CPU {step['cpu']}{' in an interrupt' if step['irq'] else ''}: {self.who(step)}{step['what'].strip()}"
            for step in self.steps[-ROWS:]
        ]

    def who(self, step):
        line = self.line_of(step)
        return f"{step['name']}{f' ({line})' if line else ''} " if step["name"] else ""

    def where(self):
        """Functions of the student's in it, the last first."""
        names = [
            s["name"] for s in reversed(self.steps) if self.line_of(s).split(":")[0] in self.owned
        ]
        return tuple(dict.fromkeys(names))


STEP = re.compile(
    r" +CPU (?P<cpu>\d)(?P<irq> irq)? +(?:(?P<name>\w+) +@(?P<at>[0-9a-f]+) )?(?P<what>.*)"
)


def parsed(row):
    found = STEP.fullmatch(row)
    return found and found.groupdict()
