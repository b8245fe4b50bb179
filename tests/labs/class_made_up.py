"""Thirty submissions for one lab, and what each must get: class_of_30.py hands them in.

Most students of this class have begun with the reference: wrong and half-done answers are kept as
changes of it.  So check-copied must find them alike, and does; `origin` says who belongs together.
"""

import shutil
from dataclasses import dataclass

from handing_in import ROOT
from cutter.chunks import CannotCut, chunks, parse
from cutter.cut import INCLUDE, STUB, skeleton
from cutter.replace import functions_in, read_wrong, wrong_answers, write_wrong

from clang.cindex import CursorKind, LinkageKind, TokenKind

COUNT = 30
REFERENCE = "the reference"

# What is not written, and which tests that costs: these, and no others.
HALF_DONE = {
    1: {
        ("bootmem_alloc", "bootmem_alloc_page"): "no_room closed",
        ("bootmem_handover",): "busy handover closed",
        ("bootmem_reserve", "bootmem_free"): (
            "zeroed lowest_at_goal goal_given_up small_share reserve_outward free_inward"
            " double_free no_room handover closed figures random"
        ),
        ("bootmem_try_alloc",): (
            "zeroed aligned lowest_at_goal goal_given_up small_share reserve_outward free_inward"
            " double_free no_room handover closed figures random"
        ),
    },
    6: {
        ("page_address",): "address unmapped",
        ("kunmap_high",): (
            "same_page revival stale wrap unmapped flush_order one_flush full retired waiter locked"
            " not_global tables three_levels counts wrong_use"
        ),
        ("pkmap_use", "pkmap_drop"): "full counts",
        ("pkmap_drop",): "counts",
    },
}


@dataclass
class Student:
    """lost: names of tests.  A refusal must hold these words; None: graded."""

    name: str
    lost: frozenset = frozenset()
    only_these: bool = True  # lost is all that is lost
    hint: str = ""  # that the one lost test must give
    refusal: str | None = None
    origin: str | None = None  # whose work it is; None: too little to say


def write(folder, path, text):
    to = folder / path
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text)


def copy_reference(lab, folder):
    for path in lab.owns:
        write(folder, path, (ROOT / path).read_text())


def other_right_answers(lab):
    """[(folder, is it a work of its own?)]; one that changes a single file is the reference's."""
    for folder in sorted((ROOT / f"labs/{lab.number}/right").glob("*/")):
        yield folder, all((folder / path).exists() for path in lab.owns if path.endswith(".c"))


def copy_right(lab, right, folder):
    copy_reference(lab, folder)
    shutil.copytree(right, folder, dirs_exist_ok=True)


# Copies.


def own_names(unit, path):
    """(names that only this file knows, where it declares fields)"""
    names, fields = set(), set()
    for cursor in unit.cursor.walk_preorder():
        place = cursor.extent.start.file
        if place is None or place.name != str(path):
            continue
        if cursor.kind == CursorKind.FIELD_DECL:
            fields.add(cursor.location.offset)
        header = path.suffix == ".h"
        hidden = cursor.linkage == LinkageKind.NO_LINKAGE or (
            cursor.linkage == LinkageKind.INTERNAL and not header
        )
        if hidden and cursor.kind in (
            CursorKind.VAR_DECL,
            CursorKind.PARM_DECL,
            CursorKind.FUNCTION_DECL,
        ):
            names.add(cursor.spelling)
    return names - {""}, fields


def renamed(path):
    """The file with other names for its parameters, variables and static functions."""
    source, unit = path.read_bytes(), parse(path, ROOT)
    names, fields = own_names(unit, path)
    pieces, at, before = [], 0, ""
    for token in unit.get_tokens(extent=unit.get_extent(str(path), (0, len(source)))):
        start, end = token.extent.start.offset, token.extent.end.offset
        member = before in (".", "->", "struct") or start in fields
        if token.kind == TokenKind.IDENTIFIER and token.spelling in names and not member:
            pieces += [source[at:start].decode(), f"my_{token.spelling}"]
            at = end
        before = token.spelling
    return "".join(pieces) + source[at:].decode()


def reordered(path):
    """Its static data and its functions the other way round, without comments."""
    source, rows = path.read_bytes(), chunks(path, ROOT)
    rows = [row for row in rows if row.kind != "comment"]
    functions = [row for row in rows if row.kind == "function"]
    data = [row for row in rows if row.kind == "data"]
    first = [row.text(source) for row in rows if row.kind not in ("function", "data")]
    hidden = [row for row in functions if not row.public]
    heads = [source[row.start : row.body[0]].decode().rstrip() + ";" for row in hidden]
    turned = [row.text(source) for row in (*reversed(data), *reversed(functions))]
    return "\n\n".join(["\n".join(first), "\n".join(heads), *turned]) + "\n"


def disguise(lab, folder):
    for path in [folder / path for path in lab.owns if path.endswith((".c", ".h"))]:
        path.write_text(renamed(path))
        if path.suffix == ".c":
            path.write_text(reordered(path))


# What is not finished, or cannot be graded.


def without_bodies(path, number, names):
    """An owned file in which these functions stand as they were handed out."""
    rows, source = functions_in(path, ROOT), (ROOT / path).read_bytes()
    here = sorted((rows[name] for name in names if name in rows), key=lambda row: -row.start)
    for row in here:
        start, end = row.body
        source = source[:start] + (STUB % number).encode() + source[end:]
    text = source.decode()
    if not here:
        return text
    end = text.index("\n", text.rindex("#include"))
    return f"{text[:end]}\n{INCLUDE}{text[end:]}"


def unfinished(lab, folder):
    for names, lost in HALF_DONE[lab.number].items():
        name = f"half-without-{names[0]}"
        for path in lab.owns:
            write(folder / name, path, without_bodies(path, lab.number, names))
        yield Student(name, frozenset(lost.split()), origin=REFERENCE)
    for name in ("skeleton-1", "skeleton-2"):
        for path in lab.owns:
            write(folder / name, path, skeleton(path, ROOT, lab))
        yield Student(name, frozenset(test.name for test in lab.tests))


def not_gradable(lab, folder):
    copy_reference(lab, folder / "does-not-compile")
    with open(folder / "does-not-compile" / lab.owns[0], "a") as file:
        file.write("\nu32 to_be_done(void)\n{\n\treturn\n}\n")
    yield Student("does-not-compile", refusal="error: expected", origin=REFERENCE)
    for path in lab.owns:
        write(folder / "empty", path, "")
    yield Student("empty", refusal="undefined")
    copy_reference(lab, folder / "a-file-missing")
    (folder / "a-file-missing" / lab.owns[-1]).unlink()
    (folder / "a-file-missing" / "README.md").write_text("It is on my other computer.\n")
    rest = REFERENCE if lab.owns[1:] else None
    yield Student("a-file-missing", refusal="is missing", origin=rest)


# All of them.


def right_ones(lab, folder):
    copy_reference(lab, folder / "reference")
    yield Student("reference", origin=REFERENCE)
    for right, own_work in other_right_answers(lab):
        copy_right(lab, right, folder / right.name)
        yield Student(right.name, origin=right.name if own_work else REFERENCE)


def copies(lab, folder):
    """Two, of students whose work is their own."""
    own_works = [right for right, own_work in other_right_answers(lab) if own_work]
    for number in (1, 2):
        right = own_works[number % len(own_works)]
        name = f"copy-{number}"
        copy_right(lab, right, folder / name)
        disguise(lab, folder / name)
        yield Student(name, origin=right.name)


def wrong_ones(lab, folder, count):
    for path in wrong_answers(ROOT / f"labs/{lab.number}")[:count]:
        wrong, name = read_wrong(path), f"wrong-{path.stem}"
        write_wrong(lab, wrong, ROOT, folder / name)
        yield Student(name, frozenset([wrong.test]), False, wrong.hint, origin=REFERENCE)


def made_up(lab, folder):
    """The class, each one's files in a folder of his name in `folder`."""
    makers = (right_ones, copies, unfinished, not_gradable)
    found = [student for maker in makers for student in maker(lab, folder)]
    found += wrong_ones(lab, folder, COUNT - len(found))
    if len(found) != COUNT:
        raise SystemExit(f"lab {lab.number} has too few wrong answers for a class of {COUNT}")
    return found
