"""Cuts an owned file down to its contract: what other files can name stays, without its bodies."""

import re

from cutter.chunks import chunks

STUB = "{\n\tNOT_WRITTEN(%d);\n}"
IDLE = "{\n\t/* Until lab %d there is nothing to do. */\n%s}"
INCLUDE = '#include "lib/lab.h"'


def is_header(path):
    return str(path).endswith(".h")


def closure(rows, names):
    """The given names, and what of the file they stand on: but no public function, whose body goes
    all the same.
    """
    by_name = {name: row for row in rows for name in row.names}
    known, wanted = set(), [name for name in names if name in by_name]
    while wanted:
        name = wanted.pop()
        if name in known:
            continue
        known.add(name)
        row = by_name[name]
        known.update(row.names)
        wanted += [
            other
            for other in row.uses
            if not (by_name[other].kind == "function" and by_name[other].public)
        ]
    return known


def without_initializer(text):
    return re.sub(r"\s*=.*;\s*$", ";", text, flags=re.S)


class Cutter:
    """One owned file.  `number`: the lab's; `given`: names that stay whole; `missing`: headers that
    the tree does not have; `idle`: functions that do nothing, and return 0, where they are not
    written.
    """

    def __init__(self, path, root, number, given=(), missing=(), variant="2level", idle=()):
        self.source = (root / path).read_bytes()
        self.rows = chunks(root / path, root, variant)
        self.header = is_header(path)
        self.number, self.missing, self.idle = number, set(missing), set(idle)
        self.given = closure(self.rows, given)

    def is_given(self, row):
        return bool(self.given & set(row.names))

    def body_goes(self, row):
        return row.kind == "function" and (row.public or self.header) and not self.is_given(row)

    def stays(self, row):
        if self.header:
            return True
        if row.kind == "include":
            return not any(f'"{name}"' in row.text(self.source) for name in self.missing)
        if row.kind == "function" or row.kind == "data":
            return row.public or self.is_given(row)
        return self.is_given(row)

    def removed(self):
        """The rows whose text is the answer: what the tree must hold nowhere."""
        return [
            row
            for row in self.rows
            if row.kind not in ("comment", "include")
            and (self.body_goes(row) or not self.stays(row))
        ]

    def stub(self, row, head):
        if not self.idle & set(row.names):
            return STUB % self.number
        return IDLE % (self.number, "" if head.startswith("void ") else "\treturn 0;\n")

    def kept_text(self, row):
        text = row.text(self.source)
        if self.body_goes(row):
            head = self.source[row.start : row.body[0]].decode().rstrip()
            return f"{head}\n{self.stub(row, head)}"
        gone = {name for other in self.removed() for name in other.names if not other.public}
        if row.kind == "data" and row.uses & gone:
            return without_initializer(text)
        return text

    def opening(self):
        """The first sentence of the file's first comment, and whose work the file is."""
        first = self.rows[0].text(self.source)
        words = re.sub(r"\s*\n \*\s*", " ", first.strip("/* \n")).strip()
        sentence = re.split(r"(?<=\.)\s", words)[0]
        return f"/* {sentence}  Lab {self.number}: labs/{self.number}/README.md. */"

    def comments_of(self, index):
        """A comment belongs to what follows it, and stays with what is given."""
        row = self.rows[index]
        if row.kind != "comment" or index == 0:
            return False
        following = [r for r in self.rows[index + 1 :] if r.kind != "comment"][:1]
        return bool(following) and (self.header or self.is_given(following[0]))

    def text(self):
        pieces, includes = [], []
        for index, row in enumerate(self.rows):
            if index == 0 and row.kind == "comment" and not self.header:
                continue
            keep = self.comments_of(index) if row.kind == "comment" else self.stays(row)
            if self.header and row.kind == "comment":
                keep = True
            if not keep:
                continue
            if row.kind == "include":
                includes.append((len(pieces), self.kept_text(row)))
            pieces.append((row, self.kept_text(row)))
        return self.laid_out(pieces)

    def laid_out(self, pieces):
        """Blank lines where the source has them; the stub's header behind the last include."""
        last = max((i for i, (row, _) in enumerate(pieces) if row.kind == "include"), default=-1)
        lines = [] if self.header else [self.opening()]
        before = self.rows[0].end if not self.header else 0
        for index, (row, text) in enumerate(pieces):
            gap = self.source[before : row.start].count(b"\n") if index or self.header else 1
            lines.append(("\n" if lines and gap > 1 else "") + text)
            before = row.end
            if index == last and any(self.body_goes(r) for r in self.rows):
                lines.append(INCLUDE)
        if last < 0 and not self.header and any(self.body_goes(r) for r in self.rows):
            lines.insert(1, INCLUDE)
        return "\n".join(lines) + "\n"


def answer(path, root, lab):
    """An owned file of the answer that gets all points: of labs/N/answer, else the source's own."""
    better = root / "labs" / str(lab.number) / "answer" / path
    return better if better.exists() else root / path


def skeleton(path, root, lab):
    """An owned file as the student gets it: cut, or its twin in labs/N/given, or as it is."""
    if lab.continues:
        return (root / path).read_text()
    twin = root / "labs" / str(lab.number) / "given" / path
    return twin.read_text() if twin.exists() else Cutter(path, root, lab.number, lab.given).text()
