"""The book (docs/book): every name that it quotes is in the source, every link leads somewhere,
every chapter is whole.
"""

import html
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "docs/book"
sys.path.insert(0, str(BOOK))

pytest.importorskip("markdown", reason="python3-markdown is missing")
import drawings  # noqa: E402
import plant  # noqa: E402
import source  # noqa: E402
from qemu import Machine, run  # noqa: E402

spec = importlib.util.spec_from_file_location("book_build", BOOK / "build.py")
book_build = sys.modules["book_build"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(book_build)

CHAPTERS = [page.name for page in book_build.read_summary() if page.number]
# Of a chapter, its code included: 5 to 8 printed pages.
WORDS = range(2000, 3400)
EXERCISES = range(5, 9)
# The width of a letter, in units of the size of the font: DejaVu Sans and Sans Mono on average.
LETTER = 0.58


@pytest.fixture(scope="module")
def book():
    return book_build.load()


@pytest.fixture(scope="module")
def pages(book, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    book_build.write(book, folder)
    return folder


def chapter_text(name):
    return (BOOK / f"{name}.md").read_text()


def visible_words(page):
    body = re.sub(r"<svg.*?</svg>", "", page.body, flags=re.S)
    return len(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


# ---- Names, links, pictures ----


def test_every_name_is_in_the_source(book):
    assert not book.errors, "\n".join(book.errors)


def test_a_name_that_is_not_there_fails_the_build():
    page = book_build.Page("made up", "made-up")
    bad = book_build.Book([page])
    text = (
        "{{code kernel/mm/pkmap/highmem.c no_such_function}} {{const kernel/no_such_file.h X}} {{nonsense}}\n"
        "![x](drawings/none.svg)\n```plant a kernel/mm/pkmap/highmem.c kmap\n-\tno such line\n```\n"
    )
    book_build.Expander(bad, page).expand(text)
    assert len(bad.errors) == 5, bad.errors


@pytest.mark.parametrize(
    "path, name, first, last",
    [
        ("kernel/mm/pkmap/highmem.c", "kmap_high", "void *kmap_high(struct page *page)", "}"),
        (
            "kernel/mm/pkmap/highmem.c",
            "pkmap_count",
            "int pkmap_count[PKMAP_SLOTS_MAX + 1];",
            "int pkmap_count[PKMAP_SLOTS_MAX + 1];",
        ),
        ("kernel/mm/pages/page.h", "page", "struct page {", "} __aligned(PAGE_STRUCT_SIZE);"),
        (
            "kernel/arch/x86/smp/smp_call.c",
            "call",
            "static struct {",
            '} call = { .lock = SPINLOCK_INIT("smp_call") };',
        ),
        ("kernel/arch/x86/paging/fixmap.h", "fixmap_index", "enum fixmap_index {", "};"),
        ("boot/start.asm", "_start", "_start:", "\tjmp ecx"),
        (
            "tests/kernel/mm/test_pkmap.c",
            "pkmap_storm",
            'SELFTEST_HIGH(pkmap_storm, "pkmap.storm", 8, "1, 2, 3, 5, 7")',
            "}",
        ),
    ],
)
def test_finding_by_name(path, name, first, last):
    found = source.find(path, name, comment=False)
    assert (found.lines[0], found.lines[-1]) == (first, last)
    assert (
        source.read_lines(path)[found.first - 1] == first
        and source.read_lines(path)[found.last - 1] == last
    )


def test_every_link_leads_somewhere(pages):
    anchors = {}
    for file in pages.rglob("*.html"):
        text = file.read_text()
        anchors[file] = (
            set(re.findall(r'\bid="([^"]+)"', text)),
            re.findall(r'(?:href|src)="([^"]+)"', text),
        )
    broken = []
    for file, (_, links) in anchors.items():
        for link in links:
            if link.startswith(("http:", "https:")):
                continue
            path, _, anchor = unquote(link).partition("#")
            target = (file.parent / path).resolve() if path else file
            if not target.is_file() or (
                anchor and target in anchors and anchor not in anchors[target][0]
            ):
                broken.append(f"{file.relative_to(pages)}: {link}")
    assert not broken, broken


def test_no_directive_is_left_over(pages):
    for file in pages.glob("*.html"):
        assert not re.search(r"@@BLOCK|\{\{|\[terms\]", file.read_text()), file.name


# ---- Chapters ----


def test_no_page_is_left_out(book):
    assert [page.number for page in book.pages if page.number] == [
        str(n + 1) for n in range(len(CHAPTERS))
    ]
    assert len(CHAPTERS) == 17
    for document in ("README.md", "docs/README.md"):
        assert "seventeen chapters" in (ROOT / document).read_text(), document
    assert {page.name for page in book.pages} == {file.stem for file in BOOK.glob("*.md")} - {
        "SUMMARY"
    }


def test_every_chapter_has_its_length(book):
    words = {page.name: visible_words(page) for page in book.pages if page.number}
    wrong = {name: count for name, count in words.items() if count not in WORDS}
    assert not wrong, wrong


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_has_its_parts(name):
    text = chapter_text(name)
    headings = re.findall(r"^## (.*)$", text, re.M)
    assert headings == [
        "The problem",
        "The mechanism",
        "The code",
        "What goes wrong without it",
        "Exercises",
    ]
    assert re.search(r"^!\[.+\]\(drawings/[\w-]+\.svg\)$", text, re.M), "no drawing"
    assert "{{code " in text and "```plant " in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_exercises_are_graded(name):
    items = re.findall(r"^(\d+)\. (★*)", chapter_text(name).partition("## Exercises")[2], re.M)
    assert len(items) in EXERCISES
    assert [int(number) for number, _ in items] == list(range(1, len(items) + 1))
    grades = [len(stars) for _, stars in items]
    assert grades == sorted(grades) and set(grades) == {1, 2, 3}, grades


ANSWERED = [name for name in CHAPTERS if "](answers.md)" in chapter_text(name)]


def test_exercises_have_hints_and_answers():
    """Of the chapters about programs, all; each also has its drawings and mistakes."""
    assert ANSWERED == CHAPTERS[11:]
    text = chapter_text("answers")
    given = re.findall(r"^### (\d+\.\d+)\n\n\*Hint:\* .+?\n\n\*Answer:\* ", text, re.M | re.S)
    asked = [
        f"{CHAPTERS.index(name) + 1}.{number}"
        for name in ANSWERED
        for number in re.findall(
            r"^(\d+)\. ★", chapter_text(name).partition("## Exercises")[2], re.M
        )
    ]
    assert given == asked == re.findall(r"^### (.*)$", text, re.M)
    for name in ANSWERED:
        assert chapter_text(name).count("](drawings/") >= 2, name
        assert len(plant.plants_in(chapter_text(name))) >= 3, name


# ---- Drawings ----


def extent(x, y, words, size, anchor):
    width = len(words) * size * LETTER
    left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return left, y - 0.75 * size, left + width, y


def test_every_drawing_is_used():
    assert set(
        re.findall(r"\(drawings/([\w-]+)\.svg\)", "".join(map(chapter_text, CHAPTERS)))
    ) == set(drawings.ALL)


@pytest.mark.parametrize("name", drawings.ALL)
def test_text_of_a_drawing_stays_apart_and_inside(name):
    drawing = drawings.ALL[name]()
    extents = [(extent(*text), text[2]) for text in drawing.texts if text[2]]
    for n, ((left, top, right, bottom), words) in enumerate(extents):
        assert (
            left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height
        ), f"{words}: outside"
        for (left2, top2, right2, bottom2), other in extents[:n]:
            apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
            assert apart, f"'{words}' and '{other}' overlap"


# ---- Experiments ----


def test_every_mistake_can_be_planted(tmp_path):
    found = plant.all_plants()
    assert len(found) >= 2 * len(CHAPTERS)
    for _, planted in found:
        file = tmp_path / planted.path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / planted.path, file)
        planted.apply(tmp_path)
        assert file.read_text() != (ROOT / planted.path).read_text(), planted.name


def test_a_planted_copy_can_be_built(tmp_path):
    """It has all that `make run` wants: kernels, programs, the ISO's menu."""
    plant.copy_tree(tmp_path / "copy")
    made = subprocess.run(
        ["make", "-n", "BUILD=build", "iso"],
        cwd=tmp_path / "copy",
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert "-o build/user/root" in made.stdout, made.stdout[-2000:]


# Figures that depend on the size of the kernel, so on the compiler, and on who is idle when.
DEPENDS = re.compile(
    r"\d+(?= free| reserved)|(?<=DMA )\d+|(?<=handed over )\d+" r"|(?<=start-up code )\d+"
)
IDLE = re.compile(r"\d+(?= interrupts sent)")
PAGES_APART = 64


def fixed(line):
    """A line of the console without the figures that may differ."""
    return DEPENDS.sub("N", IDLE.sub("N", line))


def is_near(quoted, printed):
    pairs = zip(DEPENDS.findall(quoted), DEPENDS.findall(printed))
    near = all(abs(int(a) - int(b)) <= PAGES_APART for a, b in pairs)
    return near and fixed(quoted) == fixed(printed)


def boot_steps(text):
    """The README's screen: the lines of the steps whose figures `make run` decides."""
    screen = text.partition("```text\n")[2].partition("```")[0]
    return [line for line in screen.splitlines() if re.match(r"\[[2-6]\] ", line)]


def test_the_boot_prints_what_the_book_says(build):
    """The machine of `make run`, figure by figure; and the same of the README."""
    quoted = [
        line
        for name in CHAPTERS
        for block in re.findall(r"^```boot\n(.*?)^```$", chapter_text(name), re.M | re.S)
        for line in block.splitlines()
    ]
    readme = boot_steps((ROOT / "README.md").read_text())
    assert quoted and len(readme) == 5
    boot = run(Machine(memory="3G", smp="4", append="selftest=pkmap.rounds"), build)
    printed = boot.text.splitlines()
    missing = [
        line for line in quoted + readme if not any(is_near(line, other) for other in printed)
    ]
    assert not missing, boot.report(f"not printed: {missing}")


def test_figures_of_the_text_are_the_source_s():
    """What chapter 1 computes with."""
    header = (ROOT / "kernel/mm/pages/page.h").read_text()
    words = re.search(r"#define PAGE_STRUCT_SIZE \((\d+) \* sizeof\(void \*\)\)", header)[1]
    size = int(words) * 4
    text = chapter_text("address-map")
    assert f"A record has {size} bytes." in text and f"at {size} bytes each." in text, size
    assert f"{(64 << 30 >> 12) * size >> 20} MiB of records" in text


# ---- Source pages ----


def test_lines_of_source_are_lines(pages):
    """With pygments every coloured word is a span too: only those of lines may look like lines."""
    style = (pages / "book.css").read_text()
    selectors = [
        selector.strip()
        for rule in re.findall(r"([^{}]+)\{", style)
        for selector in rule.split(",")
    ]
    assert not [selector for selector in selectors if re.search(r"(^|[\s>])span(:\w+)?$", selector)]
    assert any("span.line" in selector for selector in selectors)
    for file in (pages / "source").rglob("*.html"):
        path = file.relative_to(pages / "source").as_posix().removesuffix(".html")
        shown = file.read_text().partition("<pre>")[2].partition("</pre>")[0].split("\n")
        assert len(shown) == len(source.read_lines(path)), path
        for number, row in enumerate(shown, 1):
            assert row.startswith(f'<span class="line" id="L{number}">'), row
            assert row.count("<span") == row.count("</span>"), row
