"""docs/calls.md, the reference of the calls, against the tables that the kernel is built from."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import calls  # noqa: E402


def constant(name):
    text = (ROOT / "lib/abi/abi.h").read_text()
    return int(re.search(rf"^#define {name} (\w+?)u\b", text, re.M)[1], 0)


def test_the_page_is_what_the_tables_say():
    assert calls.PAGE.read_text() == calls.page(), "docs/calls.md: run tools/calls.py"


def test_every_call_and_every_argument_is_read():
    """The parser against a plain count: none is passed over."""
    text = calls.TABLE.read_text().partition("CALL_TABLE(CALL)")[2]
    table = calls.read_calls()
    assert len(table) == len(re.findall(r"\bCALL\(\d+,", text)) > 15
    assert sum(len(call.arguments) for call in table) == len(re.findall(r"\w+:\w+:\w+", text))
    assert all(call.text.endswith(".") for call in table)
    assert [call.number for call in table] == list(range(1, len(table) + 1))
    assert {error for call in table for error in call.errors} < set(calls.read_errors())


def test_every_way_to_read_an_argument_is_explained():
    explained = set(
        re.findall(
            r"`([\w ]+)`",
            " ".join(
                row.split("|")[1]
                for row in calls.PAGE.read_text()
                .partition("| read as | means |")[2]
                .partition("\n\n")[0]
                .splitlines()[2:]
            ),
        )
    )
    used = {
        re.split(r"[+|]", argument.what)[0]
        for call in calls.read_calls()
        for argument in call.arguments
    }
    assert used == explained - {"or none"}


def test_the_message_page_lies_as_the_page_says():
    text = calls.PAGE.read_text()
    rows = re.findall(r"^\| (\d+) to (\d+) \| (.*) \|$", text, re.M)
    words, items = 4 * constant("MESSAGE_WORDS"), constant("MESSAGE_ITEMS")
    ends = [words, words + 16 * items, words + 32 * items, words + 32 * items + 4]
    assert [(int(first), int(last)) for first, last, _ in rows] == [
        (first, end - 1) for first, end in zip([0, *ends], ends)
    ]
    assert f"at most {constant('MESSAGE_WORDS')};" in text
    assert f"at most {constant('ITEM_PAGES_MAX')};" in text
