"""What a student's file of assembler may say, and what a student's tree has in its place."""

import pytest

from handing_in import ROOT
from cutter.replace import read_wrong, write_wrong, wrong_answers
from cutter.tree import Tree, code_of_assembler, rows_of_assembler
from grader.source_text import Refusal
from grader.assembler import admit
from grader.lab import read_lab

SWITCH = "kernel/arch/x86/cpu/switch.asm"


@pytest.mark.parametrize(
    "line, said",
    [
        ('incbin "/etc/passwd"', "`incbin`"),
        ('  INCBIN "x"', "`INCBIN`"),
        ('%include "/etc/passwd"', "`%include`"),
        ("%define push out", "`%define`"),
        ("x: %+ y", "`%+`"),
        ('inc\\\nbin "x"', "does not end where it seems to"),
        ("section .init_array", "`section`"),
        ("section .text align=4096", "`section`"),
        ("[section .data]", "`[section`"),
        ("absolute 0", "`absolute`"),
        ("out dx, al", "`out`"),
        ("lidt [eax]", "`lidt`"),
        ("mov cr3, eax", "`cr3`"),
        ("mov ds, ax", "`ds`"),
        ("int 0x80", "`int`"),
        ("db 0xEE", "`db`"),
        ("section .rodata\ndb 0xEE", "`db`"),
        ("times 99999999 nop", "`times`"),
        ("weak memset", "`weak`"),
        ("mov eax, 'abcd'", "is not admitted as an operand"),
        ("common x 4096", "`common`"),
    ],
)
def test_refused(line, said):
    with pytest.raises(Refusal) as refusal:
        admit("switch.asm", f"bits 32\n{line}\n".encode())
    assert said in str(refusal.value)
    assert refusal.value.line in (2, 3)


@pytest.mark.parametrize("data", [b"\xff", "; ü".encode(), b";" * (2 << 20)])
def test_no_text(data):
    with pytest.raises(Refusal):
        admit("switch.asm", data)


def test_admitted():
    """The reference's file, the skeleton, and all the answers that are kept."""
    files = [ROOT / SWITCH, *(ROOT / "labs/4").rglob("*.asm")]
    assert len(files) > 5
    for file in files:
        admit(file.name, file.read_bytes())


def test_the_tree_has_the_skeleton(tmp_path):
    tree = Tree(ROOT, 4, tmp_path / "lab")
    tree.write()
    skeleton = (tree.destination / SWITCH).read_text()
    assert skeleton == (ROOT / "labs/4/given" / SWITCH).read_text()
    answer = rows_of_assembler((ROOT / SWITCH).read_text())
    assert len(answer) > 10 and answer & set(tree.answers)
    for row in answer & set(tree.answers):
        assert row not in "\n".join(code_of_assembler(skeleton))


def test_wrong_answers_in_assembler(tmp_path):
    lab = read_lab(ROOT / "labs/4")
    kept = [path for path in wrong_answers(ROOT / "labs/4") if path.suffix == ".asm"]
    assert kept
    for path in kept:
        wrong = read_wrong(path)
        write_wrong(lab, wrong, ROOT, tmp_path / path.stem)
        assert (tmp_path / path.stem / SWITCH).read_text() == path.read_text()
        assert wrong.test in {test.name for test in lab.tests} and wrong.mistake and wrong.hint


def test_what_is_no_assembler_costs_no_more_than_the_points(teacher):
    lab4 = teacher(4)
    where = lab4.hand_in(switch=lambda text: text.replace("\tret\n", "\tret eax eax\n"))
    report = lab4.grade(where)
    assert report.got == 0 and SWITCH in report.refusal, report.text()
