"""A C file as a row of chunks: comments, directives, and declarations with what they declare.

Read with libclang, which knows what a macro makes of a line; the text between the chunks is white
space.  Offsets are in bytes.
"""

import functools
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from clang.cindex import CursorKind, Index, LinkageKind, TokenKind, TranslationUnit

# As the kernel is compiled (tools/compiler.mk), in the words that clang knows.
# GCC's stddef.h names a type that clang does not have there; the kernel does not use it.
FLAGS = ["-std=gnu11", "-ffreestanding", "--target=i686-elf", "-D__float128=double"]
FORMATS = {"2level": ["-march=pentium"], "pae": ["-march=pentiumpro", "-DCONFIG_PAE"]}
OPTIONS = TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD


class CannotCut(Exception):
    """The file is no C that libclang reads, or nothing that can be cut."""


@dataclass
class Chunk:
    """One comment, directive or declaration.  `names`: what it declares or defines."""

    kind: str  # comment, include, macro, directive, function, prototype, data, type
    start: int
    end: int
    names: list = field(default_factory=list)
    public: bool = False  # other files can name it
    body: tuple = None  # of a function: where its braces stand
    uses: set = field(default_factory=set)  # names of the file that it speaks of

    def text(self, source):
        return source[self.start : self.end].decode()


@functools.cache
def headers_of_the_compiler(root):
    """stdbool.h and its like: libclang has none of its own, the kernel's compiler has."""
    compiler = subprocess.run(
        ["sh", "tools/compiler.sh", "cc"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    return subprocess.run(
        [*compiler, "-print-file-name=include"], capture_output=True, text=True, check=True
    ).stdout.strip()


def parse(path, root, variant="2level"):
    """The file as libclang reads it.  An error in it is ours, not a student's."""
    folders = [f"-I{root}", f"-I{root}/kernel", "-isystem", headers_of_the_compiler(str(root))]
    unit = Index.create().parse(
        str(path), args=[*FLAGS, *FORMATS[variant], *folders], options=OPTIONS
    )
    errors = [str(d) for d in unit.diagnostics if d.severity >= d.Error]
    if errors:
        raise CannotCut("\n".join([f"{path}: libclang reads it so:", *errors]))
    return unit


def in_file(cursor, path):
    place = cursor.extent.start
    return place.file is not None and Path(place.file.name) == Path(path)


KINDS = {
    CursorKind.FUNCTION_DECL: "function",
    CursorKind.VAR_DECL: "data",
    CursorKind.STRUCT_DECL: "type",
    CursorKind.UNION_DECL: "type",
    CursorKind.ENUM_DECL: "type",
    CursorKind.TYPEDEF_DECL: "type",
    CursorKind.STATIC_ASSERT: "directive",
}


def body_of(cursor):
    for child in cursor.get_children():
        if child.kind == CursorKind.COMPOUND_STMT:
            return child.extent.start.offset, child.extent.end.offset
    return None


def declaration(cursor, start, end):
    kind = KINDS.get(cursor.kind, "directive")
    body = body_of(cursor) if kind == "function" else None
    names = [cursor.spelling] if cursor.spelling else []
    if cursor.kind == CursorKind.ENUM_DECL:
        names += [child.spelling for child in cursor.get_children()]
    return Chunk(
        "prototype" if kind == "function" and not body else kind,
        start,
        end,
        names,
        cursor.linkage == LinkageKind.EXTERNAL,
        body,
    )


def lines_of_directives(source):
    """[(start, end, word)]: lines that begin with #, with those that a backslash continues."""
    found, at = [], 0
    while at < len(source):
        end = source.find(b"\n", at)
        end = len(source) if end < 0 else end
        if source[at:end].lstrip().startswith(b"#"):
            while source[at:end].endswith(b"\\"):
                end = source.find(b"\n", end + 1)
            word = source[at:end].lstrip(b" \t#").split(None, 1)
            found.append((at, end, word[0].decode() if word else ""))
        at = end + 1
    return found


def directive(source, start, end, word):
    if word.startswith("if") or word in ("elif", "else", "endif"):
        line = source.count(b"\n", 0, start) + 1
        guard = word in ("ifndef", "endif")
        return None if guard else CannotCut(f"line {line}: #{word} in a file that a lab owns")
    names = []
    if word == "define":
        text = source[start:end].decode().split("define", 1)[1].split()[0]
        names = [text.split("(")[0]]
    kind = {"include": "include", "define": "macro"}.get(word, "directive")
    return Chunk(kind, start, end, names)


def end_of_declaration(tokens, start):
    """Behind the semicolon that ends what begins at `start`; a macro hides it from libclang."""
    depth = 0
    for token in tokens:
        if token.extent.start.offset < start:
            continue
        depth += (token.spelling in "([{") - (token.spelling in ")]}")
        if token.spelling == ";" and not depth:
            return token.extent.end.offset
    raise CannotCut(f"a declaration that begins at byte {start} has no end")


def chunks(path, root, variant="2level"):
    """The chunks of a file in its order; every byte between them is white space."""
    source = Path(path).read_bytes()
    unit = parse(path, root, variant)
    whole = unit.get_extent(str(path), (0, len(source)))
    tokens = list(unit.get_tokens(extent=whole))
    found = [
        Chunk("comment", t.extent.start.offset, t.extent.end.offset)
        for t in tokens
        if t.kind == TokenKind.COMMENT
    ]
    tokens = [t for t in tokens if t.kind != TokenKind.COMMENT]
    for start, end, word in lines_of_directives(source):
        made = directive(source, start, end, word)
        if isinstance(made, CannotCut):
            raise CannotCut(f"{path}: {made}")
        found.append(made or Chunk("directive", start, end))
    top = [c for c in unit.cursor.get_children() if c.kind in KINDS and in_file(c, path)]
    for cursor in top:
        start, body = cursor.extent.start.offset, body_of(cursor)
        end = body[1] if body else end_of_declaration(tokens, start)
        found.append(declaration(cursor, start, end))
    return with_uses(joined(sorted(found, key=lambda c: (c.start, -c.end)), source), unit, path)


def joined(ordered, source):
    """Comments inside a declaration are its own; declarators of one line are one chunk; what stands
    before the first word that libclang counts (attributes) belongs to the declaration.
    """
    rows, at = [], 0
    for chunk in ordered:
        last = rows[-1] if rows else None
        if last and chunk.start < last.end:
            if chunk.kind != "comment" and last.kind not in ("macro", "include"):
                last.names += [n for n in chunk.names if n not in last.names]
                last.public |= chunk.public
                last.end = max(last.end, chunk.end)
            continue
        between = source[at : chunk.start]
        if between.strip():
            blank = len(between) - len(between.lstrip())
            chunk.start = at + blank
        rows.append(chunk)
        at = chunk.end
    return rows


def with_uses(rows, unit, path):
    """Who speaks of whom: the names of the file's own macros and declarations in each chunk."""
    owned = {name for row in rows for name in row.names}
    for row in rows:
        if row.kind in ("comment", "include"):
            continue
        extent = unit.get_extent(str(path), (row.start, row.end))
        words = {t.spelling for t in unit.get_tokens(extent=extent)}
        row.uses = (words & owned) - set(row.names)
    return rows
