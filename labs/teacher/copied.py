#!/usr/bin/env python3
"""make check-copied N=6 FROM=folder: which submissions are alike, or like the reference.

Each folder in FROM is a submission, or what the grader's kit was given.  Names, comments and layout
do not count: files are compared as tokens, of which identifiers and literals are all the same.
What every student was given (the skeleton) counts for nothing.  Alike is no proof: look at both.
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
    def text_of(path):
        file = folder / path
        return file.read_text(errors="replace") if file.is_file() else None

    return text_of


def sequences(lab, folders):
    """[{name, tokens}] of the submissions in each of the folders, and of the reference."""

    def text_of_answer(path):
        return answer(path, ROOT, lab).read_text()

    found = [{"name": REFERENCE, "tokens": of_files(lab, text_of_answer)}]
    for folder in folders:
        for submission in sorted(path for path in folder.iterdir() if path.is_dir()):
            tokens = of_files(lab, text_in(submission))
            if tokens:
                found.append({"name": str(submission), "tokens": tokens})
    return found


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


def compare(lab, folders, place):
    """Pairs, the most alike first."""
    given = of_files(lab, lambda path: skeleton(path, ROOT, lab))
    asked = {"files": sequences(lab, folders), "ignored": [given]}
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


def main():
    parser = argparse.ArgumentParser(prog="make check-copied", description=__doc__.split("\n")[0])
    parser.add_argument("number", metavar="N", type=int, help="N=: which lab")
    parser.add_argument(
        "folders", metavar="FROM", nargs="+", type=Path, help="FROM=: folders of submissions"
    )
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument(
        "--least", type=float, default=0.5, help="similarity from which on a pair is told"
    )
    given = parser.parse_args()
    try:
        lab = next((lab for lab in all_labs(ROOT / "labs") if lab.number == given.number), None)
        if not lab:
            raise BadLab(f"there is no lab {given.number}")
        pairs = compare(lab, given.folders, given.build / "copied")
    except (BadLab, NoComparison, OSError) as error:
        print(f"make check-copied: {error}", file=sys.stderr)
        return 2
    told = [pair for pair in pairs if pair["similarity"] >= given.least]
    for pair in told:
        print(f"{100 * pair['similarity']:4.0f} %  {pair['left']}  {pair['right']}")
    print(f"{len(pairs)} pairs, {len(told)} of them alike to {100 * given.least:.0f} % or more")
    return 0


if __name__ == "__main__":
    sys.exit(main())
