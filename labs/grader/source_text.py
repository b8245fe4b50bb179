"""A file of C as the compiler reads it (C11, 5.1.1.2, translation phases 1 to 3): lines that are
joined, comments that are blanks.  What two readers could read differently is refused.
"""

import re

LARGEST = 1 << 18  # bytes of a file that somebody has written
# In this order: what begins at a place is one of them, and its end is beyond what it hides.
TOKENS = re.compile(
    r"""(?P<raw>\b(?:u8|[uUL])?R")|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<odd>["']|/\*|%:|<:|\?\?[=/()'<>!-])""",
    re.S,
)
WHY = {
    "raw": "a raw string is not admitted",
    '"': "a quote without another one on its line",
    "'": "a quote without another one on its line",
    "/*": "a comment without an end",
}


class Refusal(Exception):
    """Not admitted.  `line` is 0 where the whole file, or its object, is meant."""

    def __init__(self, path, line, reason):
        super().__init__(path, line, reason)
        self.path, self.line, self.reason = path, line, reason

    def __str__(self):
        return f"{self.path}:{self.line}: {self.reason}".replace(":0: ", ": ")


def decoded(path, data):
    """The file's text, with plain line ends and no mark in front."""
    if len(data) > LARGEST:
        raise Refusal(path, 0, f"has {len(data)} bytes; {LARGEST} are allowed")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refusal(path, line, f"is no text in UTF-8 (byte {data[error.start]:#x})") from error
    odd = re.search(r"[\0\r\ufeff]", text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise Refusal(path, line, f"the character {ord(odd.group()):#x} is not admitted")
    return text


def joined(text):
    """(text, numbers): lines that end with a backslash with the next one; where each began."""
    rows, numbers, so_far, begin = [], [], "", 1
    for number, line in enumerate(text.split("\n"), 1):
        bare = re.sub(r"\\[ \t\f\v]*$", "", line)
        if bare != line:
            so_far += bare
            continue
        rows.append(so_far + line)
        numbers.append(begin)
        so_far, begin = "", number + 1
    if so_far:
        rows.append(so_far)
        numbers.append(begin)
    return "\n".join(rows), numbers


class SourceText:
    """lines: (number, text without comments) of each line that the compiler sees."""

    def __init__(self, path, text):
        self.path = path
        whole, self.numbers = joined(text)
        bare = TOKENS.sub(lambda match: self._instead(match, whole), whole)
        self.lines = list(zip(self.numbers, bare.split("\n")))

    def _instead(self, match, whole):
        said = match.group()
        if match.lastgroup == "string":
            return said
        if match.lastgroup == "comment":
            return " " + "\n" * said.count("\n")
        line = self.numbers[whole.count("\n", 0, match.start())]
        why = WHY["raw"] if match.lastgroup == "raw" else WHY.get(said)
        raise Refusal(self.path, line, why or f"{said!r}: digraphs and their kin are not admitted")

    def directives(self):
        """(line, word, rest) of each line that begins with #."""
        for number, line in self.lines:
            found = re.match(r"\s*#\s*(\S*)\s*(.*)", line)
            if found:
                yield number, found[1], found[2]

    def find(self, pattern):
        """(line, what was found) of the first; None."""
        for number, line in self.lines:
            found = re.search(pattern, line)
            if found:
                return number, found.group()
        return None
