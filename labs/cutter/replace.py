"""Puts other functions in the place of those of the same name: wrong answers are kept so.

    /*
     * wrong: what somebody has misunderstood
     * test: the test that must say so
     * hint: words of the hint that he must get
     */
    void kunmap_high(struct page *page) { ... }

What else such a file declares goes in front of the first function that it replaces.  A wrong file
of assembler is a whole file, and its first comment says the same in lines that begin with `; `.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from clang.cindex import Index, TokenKind, TranslationUnit

from cutter.chunks import CannotCut, chunks
from cutter.cut import answer


@dataclass
class Wrong:
    name: str
    mistake: str
    test: str
    hint: str
    pieces: list  # (name of a function, or None; text); none: a file of assembler
    text: str = ""  # of the file itself


def tokens_of(path):
    """As the lexer sees them; what the words mean only the whole file would tell."""
    unit = Index.create().parse(
        str(path), args=["-std=gnu11"], options=TranslationUnit.PARSE_INCOMPLETE
    )
    size = Path(path).stat().st_size
    return [t for t in unit.get_tokens(extent=unit.get_extent(str(path), (0, size)))]


def pieces_of(path):
    """[(function or None, text)] of a file, without its comments in front."""
    source = Path(path).read_bytes()
    pieces, start, depth, name, last = [], None, 0, None, None
    for token in tokens_of(path):
        if token.kind == TokenKind.COMMENT and start is None:
            continue
        at, end = token.extent.start.offset, token.extent.end.offset
        start = at if start is None else start
        if token.spelling == "(" and not depth and name is None:
            name = last
        depth += (token.spelling in "([{") - (token.spelling in ")]}")
        last = token.spelling
        done = not depth and token.spelling == (";" if name is None or last == ";" else "}")
        if done:
            function = name if token.spelling == "}" else None
            pieces.append((function, source[start:end].decode()))
            start, name = None, None
    return pieces


def wrong_answers(folder):
    """The files of wrong answers in a lab's folder, by name."""
    return sorted([*folder.glob("wrong/*.c"), *folder.glob("wrong/*.asm")])


def as_comment_of_c(text):
    """The first lines of a file of assembler, as a file of C would say them."""
    first = text.split("\n\n")[0]
    return re.sub(r"^;", " *", first, flags=re.M) + "\n */"


def read_wrong(path):
    path = Path(path)
    text, said = path.read_text(), {}
    in_c = path.suffix == ".c"
    for word in ("wrong", "test", "hint"):
        comment = text if in_c else as_comment_of_c(text)
        found = re.search(rf"\b{word}: (.*?)\n \*(?: \w+:|/)", comment, re.S)
        if not found:
            raise CannotCut(f"{path}: its first comment does not say `{word}:`")
        said[word] = re.sub(r"\s*\n \*\s*", " ", found[1]).strip()
    pieces = pieces_of(path) if in_c else []
    return Wrong(path.stem, said["wrong"], said["test"], said["hint"], pieces, text)


# What a student has not written catches no mistake of his: the owned files lose their assertions.
NO_ASSERTIONS = """
#undef INVARIANT
#undef ASSERT
#define INVARIANT(number, cond, ...) ((void)sizeof((cond) ? 1 : 0))
#define ASSERT(cond, ...) INVARIANT(0, cond, __VA_ARGS__)
"""


def functions_in(file, root):
    return {name: row for row in chunks(file, root) if row.kind == "function" for name in row.names}


def replaced(file, root, pieces, others):
    """The text of a file of the answer with the pieces in the place of their namesakes, `others` in
    front of the first of them.
    """
    rows, source = functions_in(file, root), file.read_bytes()
    edits = sorted(((rows[name], text) for name, text in pieces), key=lambda edit: edit[0].start)
    if edits:
        edits[0] = (edits[0][0], "\n\n".join([*others, edits[0][1]]))
    for row, text in reversed(edits):
        source = source[: row.start] + text.encode() + source[row.end :]
    return without_assertions(source.decode(), str(file))


def without_assertions(text, path):
    if not path.endswith(".c"):
        return text
    last = text.rfind("#include")
    end = text.index("\n", last) + 1
    return text[:end] + NO_ASSERTIONS + text[end:]


def write_wrong(lab, wrong, root, folder):
    """The owned files with the wrong functions in them, below `folder`."""
    c_files = [path for path in lab.owns if path.endswith((".c", ".h"))]
    owned = {path: functions_in(answer(path, root, lab), root) for path in c_files}
    known = {name for functions in owned.values() for name in functions}
    others = [text for name, text in wrong.pieces if name not in known]
    if wrong.pieces and len(others) == len(wrong.pieces):
        raise CannotCut(f"{wrong.name}: replaces no function of {', '.join(lab.owns)}")
    for path, functions in owned.items():
        mine = [piece for piece in wrong.pieces if piece[0] in functions]
        to = Path(folder) / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(replaced(answer(path, root, lab), root, mine, others if mine else []))
        others = [] if mine else others
    for path in lab.owns:
        if path.endswith(".asm"):
            to = Path(folder) / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(answer(path, root, lab).read_text() if wrong.pieces else wrong.text)
