"""make lint's own checks of the house (tools/lint): each rule fails where it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = ROOT / "tools/lint"
FOLDERS = ["boot", "kernel", "lib", "user", "tests/kernel", "tests/bench", "tools"]


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-B", LINT / program, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.fixture
def tree(tmp_path):
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    if (ROOT / "tests/checkers").exists():
        shutil.copytree(ROOT / "tests/checkers", tmp_path / "tests/checkers")
    return tmp_path


def test_the_sources_keep_every_rule():
    for program in ("layers.py", "columns.py"):
        result = run(program)
        assert result.returncode == 0, result.stdout


def test_the_objects_keep_every_rule(build):
    folders = [build / "2level-debug", build / "pae-debug", build / "user/objects"]
    result = run("symbols.py", *folders)
    assert result.returncode == 0, result.stdout


HEADER = "kernel/mm/tables/own.h"


@pytest.mark.parametrize(
    "file, text, said",
    [
        ("lib/new.c", '#include "mm/wait.h"', '"mm/wait.h" is of a higher layer'),
        ("kernel/mm/new.c", '#include "kernel/cmdline.h"', "is of a higher layer"),
        ("kernel/new.c", '#include "kernel/debug/bare_lock.h"', "is of a higher layer"),
        ("kernel/debug/new.c", '#include "tests/kernel/crew.h"', "is of a higher layer"),
        ("kernel/new.c", '#include "zone.h"', '"zone.h" names no layer'),
        ("user/bin/new.c", '#include "mm/wait.h"', '"mm/wait.h" is of a higher layer'),
        ("kernel/new.c", '#include "user/lib/load.h"', "is of a layer apart"),
        ("user/root/new.c", 'void f(void) { __asm__("hlt"); }', "inline assembly outside of"),
        ("user/lib/new.c", "#ifdef X\n#endif", "a condition in a subject file"),
        ("kernel/new.c", "#include <stdio.h>", "<stdio.h> is not freestanding"),
        ("kernel/mm/new.c", "void f(void) { write_cr3(0); }", "write_cr3() is bare"),
        ("kernel/arch/x86/new.c", "void f(void) { invlpg (0); }", "invlpg() is bare"),
        ("kernel/new.c", 'void f(void) { __asm__("hlt"); }', "inline assembly outside of"),
        ("lib/new.h", '#define HALT asm volatile("hlt")', "inline assembly outside of"),
        ("kernel/mm/new.c", "#ifdef CONFIG_PAE\n#endif", "a condition in a subject file"),
        ("lib/new.c", " # if defined(X)\n#endif", "a condition in a subject file"),
        ("kernel/mm/pages/new.c", '#include "mm/tables/own.h"', "is private to its folder"),
        ("tests/kernel/new.c", '#include "mm/tables/own.h"', "is private to its folder"),
    ],
)
def test_a_rule_that_is_broken_is_named(tree, file, text, said):
    (tree / HEADER).write_text("/* Private to this folder. */\n")
    (tree / file).write_text(text + "\n")
    result = run("layers.py", tree)
    assert result.returncode == 1 and f"{file}:1: " in result.stdout, result.stdout
    assert said in result.stdout and "1 faults" in result.stdout, result.stdout


@pytest.mark.parametrize(
    "file, text",
    [
        ("kernel/mm/tables/new.c", '#include "mm/tables/own.h"'),
        ("tests/checkers/new.c", '#include "mm/tables/own.h"'),
        ("kernel/new.c", "/* write_cr3(0) and asm are\n#ifdef words of a comment */"),
        ("kernel/mm/new.h", "#ifdef CONFIG_PAE\n#endif"),
    ],
)
def test_what_is_allowed_is_not(tree, file, text):
    (tree / HEADER).write_text("/* Private to this folder. */\n")
    (tree / file).parent.mkdir(exist_ok=True)
    (tree / file).write_text(text + "\n")
    result = run("layers.py", tree)
    assert result.returncode == 0, result.stdout


def test_a_full_folder_is_named(tree):
    for number in range(21):
        (tree / f"lib/new{number}.c").touch()
    count = sum(1 for file in (tree / "lib").glob("*.[ch]"))
    result = run("layers.py", tree)
    assert result.returncode == 1 and f"lib: {count} source files in one folder" in result.stdout


# ---- Symbols: objects made of a line each ----

HOST_CC = next((name for name in ("gcc", "cc", "clang") if shutil.which(name)), None)
need_compiler = pytest.mark.skipif(not HOST_CC, reason="no C compiler for this host")


@pytest.fixture
def objects(tmp_path):
    def compiled(**sources):
        folder = tmp_path / "objects"
        for name, text in sources.items():
            path = folder / (name.replace("__", "/") + ".c.o")
            path.parent.mkdir(parents=True, exist_ok=True)
            source = tmp_path / "sources" / path.relative_to(folder).with_suffix("")
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
            subprocess.run(
                [HOST_CC, "-w", "-x", "c", "-c", "-", "-o", path], input=text, text=True, check=True
            )
        return folder

    return compiled


def symbols(folder):
    """Without what layers.toml accepts, since these objects have none of it."""
    lines = run("symbols.py", folder, "--sources", folder.parent / "sources").stdout.splitlines()
    return "\n".join(line for line in lines if "accepts a call back" not in line)


@need_compiler
def test_a_symbol_of_a_higher_layer_is_named(objects):
    said = symbols(
        objects(
            kernel__mm__low="void f(void) { high(); } extern int data; int *p = &data;",
            kernel__high="void high(void) {} int data;",
        )
    )
    assert "kernel/mm/low.c: uses high of kernel/high.c, a higher layer" in said
    assert "kernel/mm/low.c: uses data of kernel/high.c, a higher layer" in said


@need_compiler
def test_a_declared_upcall_may_be_used(objects):
    """Also in what would be a circle; and what the compiler calls by itself."""
    said = symbols(
        objects(
            kernel__arch__x86__low="void low(void) { timer_tick(); __ubsan_handle_x(); }",
            kernel__high="void timer_tick(void) { low(); }",
            kernel__debug__watch="void __ubsan_handle_x(void) {}",
        )
    )
    assert said.endswith("no faults") or said.count("\n") == 0, said
    assert "higher layer" not in said and "circle" not in said


@need_compiler
def test_an_upcall_that_its_own_layer_defines_is_none(objects):
    said = symbols(
        objects(
            kernel__arch__x86__one="void shadow_round(void) { two(); }",
            kernel__arch__x86__two="void two(void) { shadow_round(); }",
        )
    )
    assert "files that call each other in a circle" in said


@need_compiler
def test_an_upcall_of_upcall_h_may_be_of_another_folder(objects):
    said = symbols(
        objects(
            kernel__arch__x86__cpu__one="void one(void) { idle_leave(); }",
            kernel__arch__x86__smp__two="void idle_leave(void) { one(); }",
        )
    )
    assert "circle" not in said


@need_compiler
def test_an_object_of_a_source_that_is_gone_is_nobodys(objects, tmp_path):
    folder = objects(lib__a="void a(void) { b(); }", lib__b="void b(void) { a(); }")
    (tmp_path / "sources/lib/b.c").unlink()
    assert "circle" not in symbols(folder)


@need_compiler
def test_a_circle_is_named_call_by_call(objects):
    said = symbols(
        objects(
            lib__a="void a(void) { b(); }",
            lib__b="void b(void) { c(); }",
            lib__c="void c(void) { a(); }",
            lib__d="void d(void) { a(); }",
        )
    )
    assert "    lib/a.c calls b of lib/b.c\n    lib/b.c calls c of lib/c.c\n" in said
    assert "lib/c.c calls a of lib/a.c" in said and "lib/d.c" not in said


@need_compiler
def test_an_accepted_call_that_closes_no_circle_is_named(objects):
    result = run("symbols.py", objects(lib__a="void a(void) {}"))
    assert result.returncode == 1
    assert (
        "accepts a call back that closes no circle: kernel/arch/x86/cpu/context.c" in result.stdout
    )


# ---- Budgets, columns, size ----


def test_a_folder_past_its_budget_fails(tree):
    assert "kernel, together" in loc(tree).stdout
    (tree / "lib/long.c").write_text("int x;\n" * 721)
    result = loc(tree)
    assert result.returncode == 1 and "more lines than tools/loc.py allows" in result.stderr


def loc(root):
    return subprocess.run(
        [sys.executable, "-B", ROOT / "tools/loc.py", root], capture_output=True, text=True
    )


def test_the_tree_is_within_its_budgets():
    result = loc(ROOT)
    assert result.returncode == 0, result.stdout


def test_long_lines(tmp_path):
    (tmp_path / "lib").mkdir()
    long = "x" * 80
    (tmp_path / "lib/a.c").write_text(f'\tprintf("{long} {long}");\n\t\t\tint {long};\n')
    (tmp_path / "lib/a.py").write_text(f'"""{long} {long}"""\n')
    (tmp_path / "Makefile").write_text(f"A := {long} {long}\n")
    result = run("columns.py", tmp_path)
    assert result.returncode == 1, result.stdout
    assert result.stdout.splitlines()[:3] == [
        "Makefile:1: 166 columns",
        "lib/a.c:2: 109 columns",
        "lib/a.py:1: 167 columns",
    ]


def test_the_size_of_a_kernel_has_a_limit(build):
    """The kernel with tests has more code than one without may have."""

    def size(*arguments):
        return subprocess.run(
            [sys.executable, "-B", ROOT / "tools/size.py", *arguments],
            capture_output=True,
            text=True,
        )

    result = size(build / "tarn.elf")
    assert result.returncode == 1 and "bytes too many" in result.stderr
    assert size("--no-limit", build / "tarn.elf").returncode == 0
