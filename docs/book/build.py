#!/usr/bin/env python3
"""Builds the book: build.py FOLDER writes one HTML page a chapter, the drawings, and the source
that it quotes.

The pages are Markdown, in the order of SUMMARY.md.  In them, beside plain Markdown:

    {{code FILE NAME}}      on a line of its own: a definition, as the source has it now (see
    source.py)
    {{ref FILE NAME}}       the name, linked to the source
    {{const FILE NAME}}     the value of a constant
    {{test NAME}}           the name of a self-test, linked
    {{lines FILE...}}       two cells of a table: the files, and the sum of their lines;  {{total}}
    is the page's sum
    ```plant NAME FILE FUNCTION     a mistake to plant, as a diff (see plant.py)
    ```seen ARGUMENTS       what `make run ARGUMENTS` prints then (see tests/book/mistakes.py)
    ![what it shows](drawings/NAME.svg)     one of drawings.py
    **word**                where a term is defined: goes into the list of terms

A name that the source does not have is an error, with the page and the name; with --gaps, in a
student's tree, a gap.
"""

import html
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import markdown

import drawings
import plant
import source

try:
    import pygments
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
except ImportError:  # Debian: python3-pygments; without it the code is black
    pygments = None

BOOK = Path(__file__).resolve().parent
TITLE = "Tarn: memory, step by step"
LANGUAGES = {".c": "c", ".h": "c", ".asm": "nasm", ".py": "python", ".sh": "bash"}
DIRECTIVE = re.compile(r"\{\{(\w+)((?: [^{}\n]+)?)\}\}")
MARKDOWN = ["tables", "toc", "fenced_code", "sane_lists", "attr_list"]


@dataclass
class Page:
    title: str
    name: str  # without suffix
    number: str = ""
    body: str = ""  # HTML
    headings: list = field(default_factory=list)


@dataclass
class Book:
    pages: list
    sources: set = field(default_factory=set)  # files to be shown
    terms: list = field(default_factory=list)  # (term, page, anchor)
    errors: list = field(default_factory=list)
    gaps: bool = False  # what the source does not have yet is no error


def highlight(text, language):
    if not pygments or language == "text":
        return html.escape(text)
    formatter = HtmlFormatter(nowrap=True)
    return pygments.highlight(text, get_lexer_by_name(language, stripnl=False), formatter).rstrip(
        "\n"
    )


def language_of(path):
    return LANGUAGES.get(Path(path).suffix, "text")


# ---- Directives ----------------------------------------------------------------------------------


class Expander:
    """Turns one page's Markdown into HTML."""

    def __init__(self, book, page):
        self.book, self.page = book, page
        self.blocks = []
        self.total = 0

    def source_link(self, path, line, text):
        self.book.sources.add(path)
        return f'<a href="source/{path}.html#L{line}">{text}</a>'

    def block(self, content):
        """HTML that Markdown must not look into."""
        self.blocks.append(content)
        return f"\n\n@@BLOCK{len(self.blocks) - 1}@@\n\n"

    def quoted(self, path, first, last):
        lines = f"line {first}" if first == last else f"lines {first} to {last}"
        return self.source_link(path, first, f"<code>{path}</code>, {lines}")

    def do_code(self, path, name):
        found = source.find(path, name)
        text = found.text.expandtabs(8)
        indent = min(len(line) - len(line.lstrip()) for line in text.splitlines() if line.strip())
        text = "\n".join(line[indent:] for line in text.splitlines())
        return self.block(
            f'<figure class="code"><pre>{highlight(text, language_of(path))}</pre>'
            f"<figcaption>{self.quoted(path, found.first, found.last)}</figcaption></figure>"
        )

    def do_ref(self, path, name):
        found = source.find(path, name, comment=False)
        return self.source_link(path, found.first, f"<code>{name}</code>")

    def do_const(self, path, name):
        return source.constant(path, name)

    def do_test(self, name):
        for path in sorted((source.ROOT / "tests/kernel").rglob("test_*.c")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.match(rf'(SELFTEST|CRASH)\w*\(\w+, "{re.escape(name)}",', line):
                    return self.source_link(
                        path.relative_to(source.ROOT).as_posix(), number, f"<code>{name}</code>"
                    )
        raise source.Missing(f"no self-test named {name}")

    def do_lines(self, *paths):
        counts = [len(source.read_lines(path)) for path in paths]
        self.total += sum(counts)
        links = ", ".join(self.source_link(path, 1, f"<code>{path}</code>") for path in paths)
        return f"{links} | {sum(counts)}"

    def do_total(self):
        return str(self.total)

    def directive(self, match):
        name, words = match.group(1), match.group(2).split()
        try:
            do = getattr(self, f"do_{name}", None)
            if not do:
                raise source.Missing(f"no directive named {name}")
            return do(*words)
        except (source.Missing, TypeError) as wrong:
            return self.missing(f"{match.group(0)}: {wrong}", words[-1] if words else "")

    def missing(self, said, name):
        """Of what a student writes there is only the name, or not even that."""
        if not self.book.gaps:
            self.book.errors.append(f"{self.page.name}.md: {said}")
            return ""
        return f"<code>{html.escape(name)}</code> <em>(yours to write)</em>"

    def plant(self, match):
        planted = plant.Plant(
            match.group(1), match.group(2), match.group(3), match.group(4).splitlines()
        )
        try:
            planted.place()
            line = source.find(planted.path, planted.function, comment=False).first
        except source.Missing as wrong:
            return self.missing(str(wrong), planted.function)
        rows = []
        for text in planted.lines:
            kind = {"-": "del", "+": "ins"}.get(text[:1], "span")
            rows.append(f"<{kind}>{html.escape(text.expandtabs(8))}</{kind}>")
        where = self.source_link(
            planted.path, line, f"<code>{planted.path}</code>, <code>{planted.function}</code>"
        )
        return self.block(
            '<figure class="plant"><pre>' + "\n".join(rows) + "</pre>"
            f"<figcaption>Mistake <code>{planted.name}</code>: {where}</figcaption></figure>"
        )

    def seen(self, match):
        command = f"make run {match.group(1).strip()}".strip()
        shown = match.group(2).replace(" \\\n", "\n").rstrip("\n")
        return self.block(
            f'<figure class="seen"><pre>{html.escape(shown)}</pre>'
            f"<figcaption><code>{html.escape(command)}</code></figcaption></figure>"
        )

    def drawing(self, match):
        text, name = match.group(1), match.group(2)
        if name not in drawings.ALL:
            self.book.errors.append(f"{self.page.name}.md: no drawing named {name}")
            return ""
        return self.block(
            f'<figure class="drawing">{drawings.ALL[name]().svg(name, text)}'
            f"<figcaption>{html.escape(text)}</figcaption></figure>"
        )

    def term(self, match):
        word = match.group(1)
        anchor = "term-" + re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")
        self.book.terms.append((word, self.page, anchor))
        return f'<dfn id="{anchor}">{word}</dfn>'

    def expand(self, text):
        text = plant.BLOCK.sub(self.plant, text)
        text = plant.SEEN.sub(self.seen, text)
        text = re.sub(r"!\[([^\]]*)\]\(drawings/([\w-]+)\.svg\)", self.drawing, text)
        text = DIRECTIVE.sub(self.directive, text)
        text = re.sub(r"\*\*([^*\n]+)\*\*", self.term, text)
        text = re.sub(r"\]\(([\w-]+)\.md(#[\w-]+)?\)", r"](\1.html\2)", text)
        converter = markdown.Markdown(extensions=MARKDOWN)
        body = converter.convert(text)
        self.page.headings = [
            (item["id"], item["name"]) for top in converter.toc_tokens for item in top["children"]
        ]
        return re.sub(
            r"<p>@@BLOCK(\d+)@@</p>", lambda found: self.blocks[int(found.group(1))], body
        )


# ---- Pages ---------------------------------------------------------------------------------------


def read_summary():
    """Chapters are items with a number; what stands before and after them has none."""
    pages = []
    for line in (BOOK / "SUMMARY.md").read_text().splitlines():
        found = re.match(r"(\d+\. |- )?\[([^\]]+)\]\(([\w-]+)\.md\)", line)
        if found:
            pages.append(Page(found.group(2), found.group(3), (found.group(1) or "").strip(" -.")))
    return pages


def shown_title(page):
    return f"{page.number}. {page.title}" if page.number else page.title


def navigation(book, current):
    items = []
    for page in book.pages:
        here = ' class="here"' if page is current else ""
        items.append(
            f'<li{here}><a href="{page.name}.html">{html.escape(shown_title(page))}</a></li>'
        )
        if page is current and page.headings:
            inner = "".join(
                f'<li><a href="#{anchor}">{name}</a></li>' for anchor, name in page.headings
            )
            items.append(f"<li><ul>{inner}</ul></li>")
    return "<ul>" + "".join(items) + "</ul>"


def neighbours(book, page):
    at = book.pages.index(page)
    links = []
    if at > 0:
        before = book.pages[at - 1]
        links.append(
            f'<a rel="prev" href="{before.name}.html">Back: {html.escape(before.title)}</a>'
        )
    if at + 1 < len(book.pages):
        after = book.pages[at + 1]
        links.append(f'<a rel="next" href="{after.name}.html">Next: {html.escape(after.title)}</a>')
    return '<p class="neighbours">' + " ".join(links) + "</p>"


def document(title, body, style="book.css"):
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{style}"></head>\n<body>{body}</body></html>\n'
    )


def page_document(book, page):
    body = (
        f'<nav><p class="book"><a href="index.html">{TITLE}</a></p>{navigation(book, page)}'
        f'<p><a href="print.html">All on one page</a></p></nav>\n<main>{page.body}\n{neighbours(book, page)}</main>'
    )
    return document(f"{page.title} - {TITLE}", body)


def print_document(book):
    """All pages in one, for paper."""
    parts = []
    for page in book.pages:

        def anchor(found, here=page.name):
            name, inner = found.group(1), found.group(2)
            return f'href="#{name or here}{"-" + inner[1:] if inner else ""}"'

        body = re.sub(r'href="(?:([\w-]+)\.html)?(#[\w-]+)?"', anchor, page.body)
        body = re.sub(r'(?<= )id="([^"]+)"', rf'id="{page.name}-\1"', body)
        body = re.sub(r"url\(#([^)]+)\)", rf"url(#{page.name}-\1)", body)
        parts.append(f'<section id="{page.name}">{body}</section>')
    return document(TITLE, '<main class="print">' + "\n".join(parts) + "</main>")


def source_document(path):
    text = "\n".join(source.read_lines(path)).expandtabs(8)
    rows = highlight(text, language_of(path)).split("\n")
    body = "\n".join(
        f'<span class="line" id="L{n}"><a href="#L{n}">{n:4}</a> {row}</span>'
        for n, row in enumerate(rows, 1)
    )
    style = "../" * (path.count("/") + 1) + "book.css"
    return document(path, f'<main class="source"><h1>{path}</h1><pre>{body}</pre></main>', style)


def terms_body(book):
    rows = [
        f'<li><a href="{page.name}.html#{anchor}">{term}</a>, {html.escape(page.title)}</li>'
        for term, page, anchor in sorted(book.terms, key=lambda item: item[0].lower())
    ]
    return '<ul class="terms">' + "".join(rows) + "</ul>"


def style_sheet():
    style = (BOOK / "book.css").read_text()
    if pygments:
        style += HtmlFormatter(style="bw").get_style_defs("figure.code pre") + "\n"
        style += HtmlFormatter(style="bw").get_style_defs("main.source pre") + "\n"
    return style


def load(gaps=False):
    """The book with every page's HTML; what the source does not have is in book.errors.  With gaps
    pages may be missing too.
    """
    pages = [page for page in read_summary() if not gaps or (BOOK / f"{page.name}.md").exists()]
    book = Book(pages, gaps=gaps)
    for page in book.pages:
        text = (BOOK / f"{page.name}.md").read_text()
        if page.number:
            text = re.sub(r"^# ", f"# {page.number}. ", text, count=1)
        page.body = Expander(book, page).expand(text)
    twice = [term for term, _, _ in book.terms if [t for t, _, _ in book.terms].count(term) > 1]
    book.errors += [f"the term {term} is defined more than once" for term in sorted(set(twice))]
    for page in book.pages:
        page.body = page.body.replace("<p>[terms]</p>", terms_body(book))
    return book


def write(book, target):
    target.mkdir(parents=True, exist_ok=True)
    for page in book.pages:
        (target / f"{page.name}.html").write_text(page_document(book, page))
    (target / "index.html").write_text(page_document(book, book.pages[0]))
    (target / "print.html").write_text(print_document(book))
    (target / "book.css").write_text(style_sheet())
    (target / "drawings").mkdir(exist_ok=True)
    for name, draw in drawings.ALL.items():
        (target / "drawings" / f"{name}.svg").write_text(draw().svg(name) + "\n")
    for path in book.sources:
        file = target / "source" / f"{path}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source_document(path))


def main(arguments):
    gaps = arguments[:1] == ["--gaps"]
    arguments = arguments[gaps:]
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    book = load(gaps)
    for error in book.errors:
        print(f"docs/book: {error}", file=sys.stderr)
    if book.errors:
        return 1
    write(book, Path(arguments[0]))
    print(f"the book: {arguments[0]}/index.html, {len(book.pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
