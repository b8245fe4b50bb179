"""Grades a lab.  In a student's tree: make grade.  With a teacher's kit: python3 grader FOLDER."""

import argparse
import importlib.util
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
if not importlib.util.find_spec("elftools"):
    sys.exit(
        "grader: there is no package python3-pyelftools here (Debian's is for /usr/bin/python3)"
    )

from grader.grade import grade
from grader.machine.guest import GuestEnd
from grader.kit import KERNELS, NoKit, make_kit
from grader.lab import BadLab, with_scenarios
from grader.machine import Machine
from grader.machine.qemu import QemuError

LAST_STEP = 9  # of the boot


def arguments():
    parser = argparse.ArgumentParser(prog="grader", description=__doc__)
    parser.add_argument("submission", type=Path, help="a folder with the files that the lab owns")
    parser.add_argument("--test", action="append", default=[], help="this test alone")
    parser.add_argument("--json", type=Path, help="writes the report as JSON")
    parser.add_argument("--page", type=Path, help="writes it as an HTML page")
    parser.add_argument("--gradescope", type=Path, help="writes it as Gradescope's results.json")
    parser.add_argument("--tree", action="store_true", help="the submission is a student's tree")
    return parser.parse_args()


def git(tree, *words):
    done = subprocess.run(["git", *words], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        raise NoKit(f"git {words[0]} in {tree}: {done.stderr.strip()}")
    return done.stdout


def make_kernel(tree, lab, others=()):
    """(path of the kernel that the lab is graded on, what make had to say if there is none);
    others: further page-table formats for which there shall be one.
    """
    kernel = f"build/{KERNELS[lab.format]}"
    further = [f"build/{KERNELS[form]}" for form in others]
    programs = [lab.program, *lab.archive.values()] if lab.program else []
    goals = [kernel, *further, *(f"build/user/{program}" for program in programs)]
    done = subprocess.run(["make", "-s", *goals], cwd=tree, capture_output=True, text=True)
    return tree / kernel, done.stderr.strip() if done.returncode else ""


def kit_of(tree, lab):
    """Made once, of the tree as it was at the start.  Changes elsewhere are not used."""
    place = tree / "build" / "grade"
    start, kit = place / "start", place / "kit"
    if (kit / "kit.json").exists():
        return kit
    start.mkdir(parents=True, exist_ok=True)
    archive = subprocess.Popen(["git", "archive", "start"], cwd=tree, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(start)], stdin=archive.stdout, check=True)
    if archive.wait():
        raise NoKit("this tree has no tag `start`, so its beginning is not known")
    print("The tree as it was at the start is built once, for grading.", file=sys.stderr)
    _, said = make_kernel(start, lab, lab.other_formats)
    if said:
        raise NoKit(f"the tree as it was at the start does not build:\n{said}")
    return make_kit(start, "build", lab, kit)


def not_used(tree, lab):
    """Files that the student has changed besides, since the tree was written."""
    begun = "own" if git(tree, "tag", "--list", "own").strip() else "start"
    changed = git(tree, "diff", "--name-only", begun).split()
    return [f"{name} was changed, and is not used" for name in changed if name not in lab.owns]


def run_to_end(machine, lab):
    """Of the last step that the tree can reach; step 9 has none, since a program runs there."""
    if lab.until == LAST_STEP:
        machine.run_to(lab.stop)
        return
    machine.run_to("stop_if_last")
    while machine.stub.registers()["eax"] != lab.until:
        machine.run_to("stop_if_last")


def first_error(said):
    """The line of a compiler's that says most."""
    lines = said.splitlines()
    return next((line for line in lines if "error:" in line), lines[0])


def own_tree(tree, lab):
    """How far the student's whole tree comes, which earns no points."""
    mine = "your own tree, with all that you changed,"
    kernel, said = make_kernel(tree, lab)
    if said:
        return f"{mine} does not build: {first_error(said)}"
    append = f"{lab.append} until={lab.until}"
    try:
        with Machine(kernel, append=append, memory=lab.memory, smp=lab.smp) as machine:
            run_to_end(machine, lab)
    except GuestEnd as end:
        return f"{mine} does not come to the end of step {lab.until}: {end}"
    return f"{mine} comes to the end of step {lab.until}"


def ways(given):
    """(kit, lab, the lab's folder, notes)"""
    if not given.tree:
        folder = HERE.parent
        return folder / "kit", with_scenarios(folder / "lab"), None, []
    tree = given.submission.resolve()
    lab = with_scenarios(tree / "labs")
    notes = [*not_used(tree, lab), own_tree(tree, lab)]
    kit = kit_of(tree, lab)
    return kit, lab, kit.parent / "start" / "labs" / str(lab.number), notes


def end_by_signal(number, _frame):
    """As an exception, so that what was begun is cleared away."""
    sys.exit(128 + number)


@contextmanager
def report_files(given):
    """[(path, kind of report)].  They are made before the grading, which takes its time; if that
    comes to nothing, those that are new go again.
    """
    named = [(given.json, "json"), (given.page, "page"), (given.gradescope, "gradescope")]
    files = [(path, kind) for path, kind in named if path]
    new = [path for path, _ in files if not path.exists()]
    try:
        for path, _ in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "a"):
                pass
        yield files
    except BaseException:
        for path in new:
            path.unlink(missing_ok=True)
        raise


def graded(given):
    """The report, which has been written wherever it was wanted."""
    if not given.submission.is_dir():
        raise NoKit(f"{given.submission} is no folder")
    with report_files(given) as files:
        kit, lab, folder, notes = ways(given)
        folder = folder or HERE.parent / "lab" / str(lab.number)
        report = grade(kit, lab, folder, given.submission, notes, given.test)
        for path, kind in files:
            path.write_text(getattr(report, kind)(), "utf-8", "backslashreplace")
    return report


def main():
    given = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_by_signal)
    try:
        report = graded(given)
    except (NoKit, BadLab, QemuError, OSError) as error:
        print(f"grader: {error}", file=sys.stderr)
        return 2
    print(report.text(), end="")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
