"""The cutter, on small files: what stays of a file that a lab owns."""

import pytest

from handing_in import ROOT
from cutter.chunks import CannotCut, chunks
from cutter.cut import Cutter
from cutter.replace import pieces_of, write_wrong, read_wrong
from grader.lab import read_lab

SOURCE = """/*
 * Counts. With a trick that is the answer.
 */
#include "lib/types.h"

#define TRICK 3u

struct secret {
	u32 n;
};
u32 shown, also_shown;
u32 started = TRICK;
static struct secret secret;

/* Says how it is done. */
static u32 helper(u32 n) { return n * TRICK; }

/* This one is given. */
static u32 lent(void) { return secret.n; }

u32 count(u32 n)
{
	return helper(n) + lent(); /* { */
}
"""


@pytest.fixture
def tree(tmp_path):
    """The file x.c among the source's own headers."""
    for folder in ("lib", "tools"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "x.c").write_text(SOURCE)
    return tmp_path


def test_what_others_can_name_stays(tree):
    assert Cutter("x.c", tree, 7).text() == (
        "/* Counts.  Lab 7: labs/7/README.md. */\n"
        '#include "lib/types.h"\n'
        '#include "lib/lab.h"\n'
        "\n"
        "u32 shown, also_shown;\n"
        "u32 started;\n"
        "\n"
        "u32 count(u32 n)\n"
        "{\n"
        "\tNOT_WRITTEN(7);\n"
        "}\n"
    )


def test_what_is_given_stays_with_what_it_stands_on(tree):
    text = Cutter("x.c", tree, 7, ["lent"]).text()
    assert "/* This one is given. */\nstatic u32 lent(void) { return secret.n; }" in text
    assert "static struct secret secret;" in text and "struct secret {" in text
    assert "helper" not in text and "TRICK" not in text and "how it is done" not in text


def test_what_an_earlier_lab_calls_may_do_nothing(tree):
    text = Cutter("x.c", tree, 7, idle=["count"]).text()
    stub = "{\n\t/* Until lab 7 there is nothing to do. */\n\treturn 0;\n}"
    assert f"u32 count(u32 n)\n{stub}" in text


def test_every_chunk_is_found(tree):
    """But for blanks nothing stands between them."""
    source, at = SOURCE.encode(), 0
    for chunk in chunks(tree / "x.c", tree):
        assert not source[at : chunk.start].strip(), source[at : chunk.start]
        at = chunk.end
    assert not source[at:].strip()


def test_an_inline_body_of_a_header_goes(tree):
    (tree / "y.h").write_text(
        "#ifndef Y_H\n#define Y_H\n\n/* Its contract. */\n"
        "static inline int f(int n)\n{\n\treturn n;\n}\n\n#endif\n"
    )
    text = Cutter("y.h", tree, 2).text()
    assert "/* Its contract. */\nstatic inline int f(int n)\n{\n\tNOT_WRITTEN(2);\n}" in text
    assert "return n" not in text


@pytest.mark.parametrize("text", ["#if 1\nint x;\n#endif\n", "int f(void) { return nowhere; }\n"])
def test_what_cannot_be_cut_is_an_error(tree, text):
    (tree / "x.c").write_text(text)
    with pytest.raises(CannotCut):
        Cutter("x.c", tree, 1)


def test_pieces_of_a_wrong_answer(tmp_path):
    path = tmp_path / "w.c"
    path.write_text(
        "/* a */\nstatic u32 n;\n\nstatic bool f(struct page *p)\n{\n\tif (p) { }\n}\nint g(void);\n"
    )
    assert pieces_of(path) == [
        (None, "static u32 n;"),
        ("f", "static bool f(struct page *p)\n{\n\tif (p) { }\n}"),
        (None, "int g(void);"),
    ]


def test_a_wrong_answer_that_replaces_nothing(tmp_path):
    path = tmp_path / "w.c"
    path.write_text("/*\n * wrong: a\n * test: b\n * hint: c\n */\nvoid nobody(void) { }\n")
    with pytest.raises(CannotCut, match="replaces no function"):
        write_wrong(read_lab(ROOT / "labs/1"), read_wrong(path), ROOT, tmp_path / "to")
