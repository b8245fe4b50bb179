#!/usr/bin/env python3
"""make check-copied N=6 FROM=folder: which submissions are alike, or like the reference.

Each folder in FROM is a submission, or what the grader's kit was given; one that has no file of the
lab is named.  Names, comments and layout do not count: files are compared as tokens, of which
identifiers and literals are all the same.  What every student was given (the skeleton) counts for
nothing.  Alike is no proof: look at both.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs"))

from clang.cindex import Index, TokenKind, TranslationUnit

from cutter.cut import answer, skeleton
from grader.build import places
from grader.lab import BadLab, all_labs

HERE = Path(__file__).resolve().parent
PLAIN = {TokenKind.IDENTIFIER: "name", TokenKind.LITERAL: "literal"}
REFERENCE = "the reference"


class NoComparison(Exception):
    """The comparison could not be made."""


def tokens_of(text, name):
    """The tokens of a file, as the lexer sees them; directives are left out."""
    lines = "".join(
        "\n" if line.lstrip().startswith("#") else line for line in text.splitlines(True)
    )
    unit = Index.create().parse(
        name, unsaved_files=[(name, lines)], options=TranslationUnit.PARSE_INCOMPLETE
    )
    extent = unit.get_extent(name, (0, len(lines.encode())))
    found = (t for t in unit.get_tokens(extent=extent) if t.kind != TokenKind.COMMENT)
    return [PLAIN.get(token.kind, token.spelling) for token in found]


def of_files(lab, text_of):
    """One sequence for all owned files; text_of(path) is the file's text, or None."""
    texts = [(path, text_of(path)) for path in lab.owns if path.endswith((".c", ".h"))]
    return [token for path, text in texts if text for token in tokens_of(text, path)]


def text_in(folder):
    """Of files at their paths, or where uploads have them instead."""

    def text_of(path):
        there = (file for file in (folder / path, *places(folder, path)) if file.is_file())
        file = next(there, None)
        return file and file.read_text(errors="replace")

    return text_of


def submissions_in(folders):
    """Each once, by whatever name."""
    found = {}
    for folder in folders:
        for submission in sorted(path for path in folder.iterdir() if path.is_dir()):
            found.setdefault(submission.resolve(), submission)
    return list(found.values())


def sequences(lab, folders):
    """([{name, tokens}] of the reference and of the submissions in the folders, [submission without
    a file of the lab])
    """

    def text_of_answer(path):
        return answer(path, ROOT, lab).read_text()

    found, empty = [{"name": REFERENCE, "tokens": of_files(lab, text_of_answer)}], []
    for submission in submissions_in(folders):
        tokens = of_files(lab, text_in(submission))
        if tokens:
            found.append({"name": str(submission), "tokens": tokens})
        else:
            empty.append(str(submission))
    if not found[1:]:
        raise NoComparison(f"no folder in FROM= has a file of lab {lab.number} with C in it")
    return found, empty


def installed(place):
    """The package that compares, as its lock file pins it."""
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "similar.mjs"):
        shutil.copyfile(HERE / name, place / name)
    if (place / "node_modules").is_dir():
        return place
    try:
        done = subprocess.run(["npm", "ci", "--silent"], cwd=place, capture_output=True, text=True)
    except OSError as error:
        raise NoComparison(f"npm: {error}") from error
    if done.returncode:
        raise NoComparison(f"npm ci: {done.stderr.strip() or done.stdout.strip()}")
    return place


def compare(lab, files, place):
    """Pairs, the most alike first."""
    given = of_files(lab, lambda path: skeleton(path, ROOT, lab))
    asked = {"files": files, "ignored": [given]}
    done = subprocess.run(
        ["node", "similar.mjs"],
        cwd=installed(place),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoComparison(done.stderr.strip())
    return json.loads(done.stdout)


def wanted(number):
    labs = all_labs(ROOT / "labs")
    found = next((lab for lab in labs if str(lab.number) == number), None)
    if not found:
        raise BadLab(f"N={number}: there are labs {', '.join(str(lab.number) for lab in labs)}")
    return found


def refuse_strange(lab, folders):
    if not folders:
        raise NoComparison("FROM=: folders of submissions are wanted")
    for folder in folders:
        if not folder.is_dir():
            raise NoComparison(f"FROM={folder}: there is no such folder")
        if any((folder / path).exists() for path in lab.owns):
            raise NoComparison(f"FROM={folder}: is a submission itself; name the folder around it")


def main():
    parser = argparse.ArgumentParser(prog="make check-copied", description=__doc__.split("\n")[0])
    parser.add_argument("number", metavar="N", help="N=: which lab")
    parser.add_argument(
        "folders", metavar="FROM", nargs="*", type=Path, help="FROM=: folders of submissions"
    )
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument(
        "--least", type=float, default=0.5, help="similarity from which on a pair is told"
    )
    given = parser.parse_args()
    try:
        lab = wanted(given.number)
        refuse_strange(lab, given.folders)
        files, empty = sequences(lab, given.folders)
        pairs = compare(lab, files, given.build / "copied")
    except (BadLab, NoComparison, OSError) as error:
        print(f"make check-copied: {error}", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(errors="replace")
    told = [pair for pair in pairs if pair["similarity"] >= given.least]
    for pair in told:
        print(f"{100 * pair['similarity']:4.0f} %  {pair['left']}  {pair['right']}")
    for submission in empty:
        print(f"not compared: {submission} has no file of the lab with C in it")
    alike = f"{len(told)} of them alike to {100 * given.least:.0f} % or more"
    print(f"{len(files) - 1} submissions, {len(pairs)} pairs, {alike}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
