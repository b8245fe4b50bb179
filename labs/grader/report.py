"""The report of a grading: text, JSON, a page, and Gradescope's results.json."""

import html
import json
import subprocess


def version(*command):
    """The first line of what a program says of itself."""
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    except OSError:
        return "not installed"
    return (done.stdout.splitlines() or ["unknown"])[0]


class Report:
    """results: verdict.Result of each test, in the lab's order; refusal: why nothing was tried."""

    def __init__(self, lab, results, about, refusal="", notes=()):
        self.lab, self.results, self.about = lab, results, about
        self.refusal, self.notes = refusal, list(notes)

    @property
    def got(self):
        return sum(result.got for result in self.results)

    @property
    def passed(self):
        return bool(self.results) and all(result.passed for result in self.results)

    def sum(self):
        tried, tests = len(self.results), len(self.lab.tests)
        if tried == tests:
            return f"{self.got} of {self.lab.points} points"
        points = sum(result.points for result in self.results)
        return f"{self.got} of {points} points; {tried} of {tests} tests were tried"

    def as_dict(self):
        return {
            "lab": self.lab.number,
            "title": self.lab.title,
            "points": self.lab.points,
            "got": self.got,
            "refusal": self.refusal,
            "notes": self.notes,
            "about": self.about,
            "tests": [result.as_dict() for result in self.results],
        }

    def json(self):
        return json.dumps(self.as_dict(), indent=1)

    def text(self):
        lines = [f"Lab {self.lab.number}: {self.lab.title}", ""]
        if self.refusal:
            lines += ["Not graded:", *indented(self.refusal), ""]
        as_before = repeated(self.results)
        for result in [] if self.refusal else self.results:
            lines += text_of(result, as_before.get(result.name))
        lines += [f"note: {visible(note)}" for note in self.notes]
        lines += ["", self.sum()]
        lines += [f"{name}: {value}" for name, value in self.about.items()]
        return "\n".join(lines) + "\n"

    def gradescope(self):
        """Gradescope documentation, "Autograder Specifications": results.json."""
        tests = [
            {
                "name": f"{result.name}: {result.title}",
                "score": result.got,
                "max_score": result.points,
                "status": "passed" if result.passed else "failed",
                "output": "\n".join(text_of(result)),
            }
            for result in self.results
        ]
        about = [f"{name}: {value}" for name, value in self.about.items()]
        said = "\n".join([self.refusal] * bool(self.refusal) + self.notes + about)
        return json.dumps({"score": self.got, "output": said, "tests": tests}, indent=1)

    def page(self):
        as_before = repeated(self.results)
        rows = "\n".join(row_of(result, as_before.get(result.name)) for result in self.results)
        refused = f"<pre>{html.escape(self.refusal)}</pre>" if self.refusal else ""
        about = "<br>".join(html.escape(f"{n}: {v}") for n, v in self.about.items())
        notes = "\n".join(f"<p>note: {html.escape(visible(note))}</p>" for note in self.notes)
        title = html.escape(f"Lab {self.lab.number}: {self.lab.title}")
        return PAGE.format(
            title=title,
            sum=self.sum(),
            refused=refused,
            rows=rows,
            notes=notes,
            about=about,
        )


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }}
details {{ border-left: .4em solid #2a7; margin: .6em 0; padding: .2em 1em; background: #f6f8f7; }}
details.failed {{ border-color: #c33; }} dt {{ font-weight: bold; }} dd {{ margin: 0 0 .4em 1em; }}
summary span {{ float: right; }} pre {{ overflow-x: auto; background: #eee; padding: .6em; }}
</style></head><body><h1>{title}</h1><p><strong>{sum}</strong></p>
{refused}
{rows}
{notes}
<p><small>{about}</small></p></body></html>
"""
WHAT = ("expected", "seen", "invariant", "where", "hint", "look")
CALLED = {"where": "look in", "look": "in GDB"}


def repeated(results):
    """{name of a test: that of the first one that failed for the same cause}"""
    first, found = {}, {}
    for result in results:
        cause = (result.seen, result.where, result.hint)
        if not result.passed and first.setdefault(cause, result.name) != result.name:
            found[result.name] = first[cause]
    return found


def said_of(result, as_before=None):
    """[(word, text)] of a test that did not pass; as_before: one that failed for the same cause."""
    if as_before:
        return [("seen", f"the same as in {as_before}")]
    values = result.as_dict() | {"where": ", ".join(result.where)}
    called = CALLED | ({"look": "type"} if result.look.startswith("make ") else {})
    return [(called.get(word, word), values[word]) for word in WHAT if values[word]]


def visible(text):
    """What a guest or a compiler says may hold what terminals obey."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))


def indented(text, blanks="    "):
    return [blanks + line for line in visible(text).splitlines()]


def text_of(result, as_before=None):
    mark = "pass" if result.passed else "FAIL"
    lines = [f"{mark} {result.got:3} of {result.points:3}  {result.name}: {result.title}"]
    if result.passed:
        return lines + ([f"       {'seen:':10} {result.figure}"] if result.figure else [])
    for word, text in said_of(result, as_before):
        first, *rest = visible(text).splitlines() or [""]
        lines += [f"       {word + ':':10} {first}", *indented("\n".join(rest), " " * 18)]
    return lines


def row_of(result, as_before=None):
    state = "passed" if result.passed else "failed"
    head = f"{state} <code>{result.name}</code>: {html.escape(result.title)}"
    head += f"<span>{result.got} of {result.points}</span>"
    items = "".join(
        f"<dt>{word}</dt><dd>{html.escape(visible(text))}</dd>"
        for word, text in said_of(result, as_before)
    )
    logged = result.log and not result.passed and not as_before
    log = f"<pre>{html.escape(result.log)}</pre>" if logged else ""
    figure = f"<p>{html.escape(result.figure)}</p>" if result.figure else ""
    inner = figure if result.passed else f"<dl>{items}</dl>{log}"
    opened = "" if result.passed else " open"
    return f'<details class="{state}"{opened}><summary>{head}</summary>{inner}</details>'
