"""Grades one submission with a kit."""

import shutil
import tempfile

from grader import build, sandbox
from grader.admission import Refusal
from grader.judge import judge, scenarios_of
from grader.kit import Kit
from grader.report import Report, version
from grader.sandbox import NoSandbox
from grader.verdict import Result


def nothing(lab, about, reason, notes):
    """No points, and why."""
    results = [
        Result(t.name, t.title, t.points, 0, "not judged", seen="not tried: see above")
        for t in lab.tests
    ]
    return Report(lab, results, about, reason, notes)


def tools(kit):
    return {
        "compiler": version(kit.compiler),
        "machine": version("qemu-system-i386"),
    }


def grade(kit_folder, lab, lab_folder, submission, notes=(), only=()):
    """The Report on the owned files below the folder `submission`."""
    kit = Kit(kit_folder)
    about = tools(kit)
    folder = tempfile.mkdtemp(prefix="grade-")
    try:
        about["sandbox"] = sandbox.look()
        kernel = build.Workshop(kit, lab, folder).build(submission)
        return Report(lab, judged(kit, lab, lab_folder, kernel, only), about, notes=notes)
    except (Refusal, build.BuildError, NoSandbox) as refused:
        return nothing(lab, about, str(refused), notes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judged(kit, lab, lab_folder, kernel, only):
    scenarios = scenarios_of(lab_folder)

    def inside(folder):
        return sandbox.prefix([kernel.parent], [folder])

    return [
        judge(lab, scenarios, test, kernel, kit.layout, inside, kit.seed)
        for test in lab.tests
        if not only or test.name in only
    ]
