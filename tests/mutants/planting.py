"""Replaces a text inside a named function of a source file: a planted mistake."""
import re


def function_span(text, name):
    """Start and end of the definition of `name`: from its line to the closing brace in column 0."""
    match = re.search(rf"^[A-Za-z_][^\n;{{}}#]*\b{re.escape(name)}\([^;{{]*\)\s*\n?\{{", text, re.M)
    if not match:
        raise ValueError(f"no function {name}")
    if text[match.end() - 1 : text.index("\n", match.end())].rstrip().endswith("}"):
        return match.start(), text.index("\n", match.end())  # all on one line
    return match.start(), text.index("\n}", match.end()) + 2


COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"


def whatever_its_line_breaks(code):
    """A pattern for the code with any blanks and comments between its tokens, so that a formatter
    does not part mutants from their places.
    """
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|\w+|[^\w\s]', re.sub(COMMENT, " ", code))
    return rf"(?:\s|{COMMENT})*".join(re.escape(token) for token in tokens)


def mutate(text, mutant):
    if "function" not in mutant:  # a definition, named by its own text
        start, end = 0, len(text)
    else:
        start, end = function_span(text, mutant["function"])
    body = text[start:end]
    found = [match.span() for match in re.finditer(whatever_its_line_breaks(mutant["from"]), body)]
    if len(found) != 1:
        raise ValueError(
            f"the text to replace stands {len(found)} times in {mutant.get('function', 'the file')}"
        )
    first, last = found[0]
    return text[:start] + body[:first] + mutant["to"].strip() + body[last:] + text[end:]
