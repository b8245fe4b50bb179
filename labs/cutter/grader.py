"""make grader N=6 DEST=folder: the teacher's kit.  Its grader needs nothing of this tree: the
reference's objects are in it, the answer is not.  make gradescope N=6 DEST=file.zip: the same as an
autograder's archive.
"""

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs"))

from cutter.destination import within_source
from grader.kit import NoKit, make_kit
from grader.lab import BadLab, all_labs

README = """# The grader of lab {number}: {title}

    /usr/bin/python3 grader FOLDER [--test NAME] [--json FILE] [--page FILE] [--gradescope FILE]

grades the files of the folder that the lab owns ({owns}), of which nothing else is read. Needed are
QEMU, bubblewrap, python3-pyelftools and the compiler `{compiler}`. The reference's objects are in
kit/; its answer is not. kit/seed.json is the seed of what scenarios choose at random.
{races}"""
RACES = """
Races are judged on Linux on x86-64, by programs that the host's own gcc makes (gcc, libc6-dev).
"""


def wanted(number):
    labs = [lab for lab in all_labs(ROOT / "labs") if lab.tests]
    found = next((lab for lab in labs if str(lab.number) == number), None)
    if not found:
        raise BadLab(
            f"N={number}: there are graders of labs {', '.join(str(l.number) for l in labs)}"
        )
    return found


def copy_scenarios(own, to):
    to.mkdir(parents=True)
    for file in [own / "lab.toml", *own.glob("*.py")]:
        shutil.copyfile(file, to / file.name)


def write(lab, build, destination):
    make_kit(ROOT, build, lab, destination / "kit")
    (destination / "kit" / "seed.json").write_text(json.dumps(secrets.randbelow(1 << 31)))
    shutil.copytree(
        ROOT / "labs" / "grader",
        destination / "grader",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for number in {lab.number, lab.continues or lab.number}:
        copy_scenarios(ROOT / "labs" / str(number), destination / "lab" / str(number))
    about = json.loads((destination / "kit" / "kit.json").read_text())
    words = {"number": lab.number, "title": lab.title, "owns": ", ".join(lab.owns)}
    words["races"] = RACES if lab.explored else ""
    compiler = next(iter(about["flags"].values()))[0]
    (destination / "README.md").write_text(README.format(**words, compiler=compiler))


# Gradescope documentation, "Autograder Specifications": what is run when the archive is built, and
# for each submission.
SETUP = """#!/bin/sh
apt-get update
apt-get install -y --no-install-recommends python3 python3-pyelftools \\
    python3-seccomp bubblewrap util-linux qemu-system-x86 gcc-i686-linux-gnu nasm gcc libc6-dev
"""
RUN = """#!/bin/sh
python3 /autograder/source/grader /autograder/submission \\
    --gradescope /autograder/results/results.json
"""


def write_archive(lab, build, file):
    """Made anew at each time, but for the seed the same."""
    with tempfile.TemporaryDirectory() as folder:
        kit = Path(folder) / "kit"
        write(lab, build, kit)
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN)):
            (kit / name).write_text(text)
            (kit / name).chmod(0o755)
        with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(kit.rglob("*")):
                archive.write(path, path.relative_to(kit))


def refuse_place(given):
    """What cannot be written is said before anything is built for it."""
    kind = "file" if given.gradescope else "folder"
    if not given.destination:
        raise BadLab(f"DEST= names a {kind} that does not exist yet")
    if Path(given.destination).exists():
        raise BadLab(f"DEST={given.destination}: exists; DEST= names a {kind} that does not yet")
    if within_source(given.destination):
        raise BadLab(f"DEST={given.destination}: is within this source")


def arguments():
    parser = argparse.ArgumentParser(prog="make grader", description=__doc__)
    parser.add_argument("number", help="N=: which lab")
    parser.add_argument("destination", help="DEST=: a folder or file that does not exist yet")
    parser.add_argument("build", help="folder of the build")
    parser.add_argument("--gradescope", action="store_true")
    parser.add_argument("--look", action="store_true", help="whether it can be made, no more")
    return parser.parse_args()


def main():
    given = arguments()
    destination = Path(given.destination)
    try:
        lab = wanted(given.number)
        refuse_place(given)
        if given.look:
            return 0
        make = write_archive if given.gradescope else write
        make(lab, given.build, destination)
    except (BadLab, NoKit, OSError) as error:
        print(f"make {'gradescope' if given.gradescope else 'grader'}: {error}", file=sys.stderr)
        return 2
    if given.gradescope:
        print(f"{destination}: upload it as the autograder")
    else:
        print(
            f"{destination}: /usr/bin/python3 {destination}/grader FOLDER grades what is in FOLDER"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
