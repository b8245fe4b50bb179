"""What a student's file may say, and that a refusal names the line."""

import pytest

from handing_in import ROOT
from grader.admission import admit_reading
from grader.source_text import Refusal, SourceText

FIRST = '#include "mm/boot/bootmem.h"\n'
FIRST_OF_HEADER = '#include "mm/tables/quicklist.h"\n'


def changed(line, first=FIRST):
    """The reference's file with a line behind its first include."""
    return lambda text: text.replace(first, first + line + "\n", 1)


def placed(said, path, first=FIRST):
    """What is said, with the number of the line that `changed` puts in for "LINE"."""
    before = (ROOT / path).read_text().partition(first)[0]
    return said.replace("LINE", str(before.count("\n") + 2))


@pytest.mark.parametrize(
    "line, said",
    [
        ("#pragma weak memset", "bootmem.c:LINE: #pragma is not admitted"),
        ('#line 1 "x"', "bootmem.c:LINE: #line is not admitted"),
        ("#pra\\\ngma weak memset", "is not admitted"),
        ("%:pragma weak memset", "bootmem.c:LINE: '%:'"),
        ('#include "/etc/passwd"', "bootmem.c:LINE: #include"),
        ('#include "../../../../etc/passwd"', "the tree has no such header"),
        ("#include <stdio.h>", "the tree has no such header"),
        ('#include "ram_layout.h"', 'from kernel/: "kernel/mm/boot/ram_layout.h"'),
        ("#define X <stdio.h>\n#include X", "#include X: a file name in quotes"),
        ("/* a */ #include <stdio.h>", "the tree has no such header"),
        ('void f(void) { asm("nop"); }', "poisoned"),
        ('__asm__(".incbin \\"/etc/passwd\\"");', "poisoned"),
        ('#define P(a, b) a##b\nP(__as, m__)("nop");', "poisoned"),
        ("__attribute__((constructor)) static void f(void) { }", "poisoned"),
        ('__section(".init") int x = 1;', "poisoned"),
        ('_Pragma("GCC optimize 0")', "poisoned"),
        ("void *schedule(void);\nvoid *x = schedule;", "uses schedule, which this lab does not"),
        ("int zone_add_pages;", "multiple definition"),
        ("int f(void) { return nowhere; }", "nowhere"),
        ("void f(void) { for (;;) }", "error"),
        ('[[gnu::section(".data.x")]] int x = 1;', "poisoned"),
        ("#define S gnu\n[[S::weak]] int x = 1;", "poisoned"),
        # The compiler joins lines first, and does not read all of them.
        ('// \\\n/*\n#include "/etc/passwd"\n// */', "the tree has no such header"),
        ("// \\ \n/*\n#pragma weak memset\n// */", "#pragma is not admitted"),
        ("#if 0\ndon't /*\n#endif\n#pragma weak memset\n/* */", "a quote without another"),
        ('const char *s = R"(")"; /*\n#pragma weak memset\n/* */', "a raw string"),
    ],
)
def test_refused(teacher, line, said):
    lab1 = teacher(1)
    report = lab1.grade(lab1.hand_in(bootmem=changed(line)))
    said = placed(said, "kernel/mm/boot/bootmem.c")
    assert report.got == 0 and said in report.refusal, report.text()
    assert {result.status for result in report.results} == {"not judged"}


@pytest.mark.parametrize(
    "line, said",
    [
        ('static inline void f(void) { asm("nop"); }', "quicklist_ops.h:LINE: asm is not admitted"),
        ('__a\\\nsm__(".incbin \\"/etc/passwd\\"");', "__asm__ is not admitted"),
        ("#define P(a, b) a##b", "## is not admitted"),
        ('__section(".percpu") int x;', "__section is not admitted"),
    ],
)
def test_a_header_is_looked_at_by_its_words(teacher, line, said):
    """It is read in front of the poison, and by files that are compiled without."""
    lab5 = teacher(5)
    report = lab5.grade(lab5.hand_in(quicklist_ops=changed(line, FIRST_OF_HEADER)), "lifo")
    said = placed(said, "kernel/mm/tables/quicklist_ops.h", FIRST_OF_HEADER)
    assert report.got == 0 and said in report.refusal, report.text()


def test_a_section_of_the_lab_and_no_other(teacher):
    lab5, line = teacher(5), "static DEFINE_PER_CPU(u32, mine);\n"
    line += "u32 *whose(void);\nu32 *whose(void) { return this_cpu(mine); }\n"
    report = lab5.grade(lab5.hand_in(quicklist_trim=lambda text: text + line), "lifo")
    assert report.results[0].passed, report.text()
    line = '__section(".vital") u32 mine;\n'
    report = lab5.grade(lab5.hand_in(quicklist_trim=lambda text: text + line), "lifo")
    assert "puts something into the section .vital" in report.refusal, report.text()


def test_a_comment_without_an_end():
    with pytest.raises(Refusal, match="a.c:2: a comment without an end"):
        SourceText("a.c", "int x;\n/* int y;\n")


def test_what_the_preprocessor_read_is_looked_at():
    """Where a text did hide something from us."""
    own, tree = "/in/a.c", {"/in/a.c", "/kit/b.h"}
    admit = lambda said: admit_reading("a.c", said, tree.__contains__, own.__eq__)
    admit('# 1 "/in/a.c"\n# 1 "/kit/b.h" 1\n#pragma once\n# 2 "/in/a.c" 2\nint x;\n')
    with pytest.raises(Refusal, match="a.c: reads /etc/passwd"):
        admit('# 1 "/in/a.c"\n# 1 "/etc/passwd" 1\nroot\n')
    with pytest.raises(Refusal, match="a.c:4: #pragma weak x"):
        admit('# 3 "/in/a.c"\nint x;\n#pragma weak x\n')


def test_a_given_file_holds_nothing_of_a_header(teacher):
    """It is compiled with an owned header, and without poison."""
    lab6 = teacher(6)
    first = '#include "mm/pkmap/pkmap.h"\n'
    line = "#ifdef MM_PKMAP_RETIRE_H\nint mine(void);\nint mine(void) { return 1; }\n#endif"
    report = lab6.grade(lab6.hand_in(pkmap_unmap=changed(line, first)), "maps")
    assert "pkmap_retire.c: mine stands in it" in report.refusal, report.text()


@pytest.mark.parametrize(
    "line",
    [
        "#define WORD 32u",
        "#undef NO_PLACE",
        "#include <stdint.h>",
        "static const u32 x = 3;",
        "#define TWO(a) \\\r\n (a)\r",
        '#include "arch/x86/console/console.h"\nvoid f(void);\nvoid f(void) { pr_err("%u", 3u); }',
        "u64 f(u64 a, u64 b); u64 f(u64 a, u64 b) { return a % b; }",
        "/* don't, \"and an odd quote */ // and it's one",
    ],
)
def test_admitted(teacher, line):
    lab1 = teacher(1)
    report = lab1.grade(lab1.hand_in(bootmem=changed(line)), "zeroed")
    assert not report.refusal and report.results[0].passed, report.text()


def test_a_missing_file(teacher, tmp_path):
    report = teacher(1).grade(tmp_path)
    assert "bootmem.c: is missing" in report.refusal and report.got == 0


def test_a_link_to_a_file_of_the_host(teacher, tmp_path):
    where = teacher(1).hand_in()
    file = where / "kernel/mm/boot/bootmem.c"
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert "no plain file" in teacher(1).grade(where).refusal


def test_a_link_to_somebody_elses_folder(teacher, tmp_path):
    """Of an answer that is right."""
    (tmp_path / "kernel").symlink_to(teacher(1).hand_in() / "kernel")
    assert "no plain file" in teacher(1).grade(tmp_path).refusal


def test_a_folder_too_many(teacher, tmp_path):
    teacher(1).hand_in().rename(tmp_path / "inner")
    assert "there is one in the folder inner" in teacher(1).grade(tmp_path).refusal


@pytest.mark.parametrize(
    "data, said",
    [
        (b"\xff\xfe\x00", "bootmem.c:1: is no text"),
        (b" " * (2 << 20), "bytes"),
        (b"\n/* \xf6 */", "bootmem.c:2: is no text"),
        (b"int x;\0", "bootmem.c:1: the character 0x0"),
        (b'\xef\xbb\xbf#include "/etc/passwd"', "bootmem.c:1: #include"),
    ],
    ids=["binary", "huge", "latin-1", "nul", "mark"],
)
def test_no_text(teacher, data, said):
    where = teacher(1).hand_in()
    (where / "kernel/mm/boot/bootmem.c").write_bytes(data)
    assert said in teacher(1).grade(where).refusal


def test_no_sandbox_no_points(teacher, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    report = teacher(1).grade(teacher(1).hand_in())
    assert "is not installed" in report.refusal and report.got == 0


def test_owned_files_may_share_names(teacher):
    """A function of one's own, in two of the lab's files."""
    lab6 = teacher(6)
    where = lab6.hand_in(
        turn=lambda text: text + "u32 pkmap_unused(void);\nu32 pkmap_unused(void) { return 0; }\n",
        highmem=lambda text: text
        + "u32 pkmap_unused(void);\nu32 f(void);\nu32 f(void) { return pkmap_unused(); }\n",
    )
    report = lab6.grade(where, "address")
    assert report.got == 4, report.text()


def test_what_cannot_be_read_is_refused(teacher, monkeypatch):
    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.build.owned_file", closed)
    report = teacher(1).grade(ROOT)
    assert "bootmem.c: cannot be read: Permission denied" in report.refusal
