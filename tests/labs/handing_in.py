"""What the tests of the labs share: who grades what they hand in."""

import fcntl
import subprocess
import tempfile
from pathlib import Path


from grader import sandbox
from grader.grade import Grader
from grader.kit import make_kit
from grader.lab import all_labs, read_lab


ROOT = Path(__file__).resolve().parents[2]


def make(*goal):
    """One at a time: two must not build the same files."""
    with open(Path(tempfile.gettempdir()) / "tarn-labs-make", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run(["make", "-s", *goal], cwd=ROOT, capture_output=True, text=True)


def graded_labs():
    return [lab.number for lab in all_labs(ROOT / "labs") if lab.tests]


class Teacher:
    """Grades files that a test writes, with the kit of one lab."""

    def __init__(self, number, build, folder):
        self.lab, self.own = read_lab(ROOT / f"labs/{number}"), ROOT / f"labs/{number}"
        self.kit = make_kit(ROOT, build, self.lab, folder / "kit")
        self.folder, self.handed_in = folder, 0

    def hand_in(self, **changed):
        """A folder with the reference's owned files, of which some are changed: name: text."""
        self.handed_in += 1
        where = self.folder / str(self.handed_in)
        for path in self.lab.owns:
            to = where / path
            to.parent.mkdir(parents=True, exist_ok=True)
            text = (ROOT / path).read_text()
            to.write_text(changed.get(to.stem, lambda same: same)(text))
        return where

    def grade(self, where, *only, ways=sandbox.WAYS):
        return Grader(self.kit, self.lab, self.own, ways).grade(where, only=only)
