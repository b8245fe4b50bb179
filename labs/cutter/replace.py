"""Puts other functions in the place of those of the same name: wrong answers are kept so.

    /*
     * wrong: what somebody has misunderstood
     * test: the test that must say so
     * hint: words of the hint that he must get
     */
    void kunmap_high(struct page *page) { ... }

What else such a file declares goes in front of the first function that it replaces.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from clang.cindex import Index, TokenKind, TranslationUnit

from cutter.chunks import CannotCut, chunks


@dataclass
class Wrong:
    name: str
    mistake: str
    test: str
    hint: str
    pieces: list  # (name of a function, or None; text)


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


def read_wrong(path):
    text = Path(path).read_text()
    said = {}
    for word in ("wrong", "test", "hint"):
        found = re.search(rf"\b{word}: (.*?)\n \*(?: \w+:|/)", text, re.S)
        if not found:
            raise CannotCut(f"{path}: its first comment does not say `{word}:`")
        said[word] = re.sub(r"\s*\n \*\s*", " ", found[1]).strip()
    return Wrong(Path(path).stem, said["wrong"], said["test"], said["hint"], pieces_of(path))


def replaced(source_path, root, pieces):
    """(text of the file, names of the functions that were replaced)"""
    source = (root / source_path).read_bytes()
    rows = {
        name: row
        for row in chunks(root / source_path, root)
        if row.kind == "function"
        for name in row.names
    }
    edits, done, others = [], [], [text for function, text in pieces if function not in rows]
    for function, text in pieces:
        if function in rows:
            edits.append((rows[function], text))
            done.append(function)
    if not edits:
        return source.decode(), []
    edits.sort(key=lambda edit: edit[0].start)
    edits[0] = (edits[0][0], "\n\n".join([*others, edits[0][1]]))
    for row, text in reversed(edits):
        source = source[: row.start] + text.encode() + source[row.end :]
    return source.decode(), done


def write_wrong(lab, wrong, root, folder):
    """The owned files with the wrong functions in them, below `folder`."""
    done = []
    for path in lab.owns:
        mine = [p for p in wrong.pieces]
        text, names = replaced(path, root, mine) if path.endswith((".c", ".h")) else ("", [])
        to = Path(folder) / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text)
        done += names
    functions = [function for function, _ in wrong.pieces if function]
    if not done:
        raise CannotCut(f"{wrong.name}: replaces none of {', '.join(functions)}")
