"""Checkouts as other systems make them: signs in the path, no execute bits, ends of lines."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from qemu import have_grub

ROOT = Path(__file__).resolve().parents[2]
# What a build reads.
TREE = [
    "Makefile",
    "linker.ld",
    "grub.cfg",
    "boot",
    "kernel",
    "lib",
    "tests/checkers",
    "tests/kernel",
    "tests/bench",
    "tools",
]
is_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout of git")


def git(*arguments, cwd=ROOT):
    return subprocess.run(
        ["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True
    ).stdout


def make(tree, *arguments):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")
    }
    return subprocess.run(
        ["make", "-s", *arguments], cwd=tree, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """A copy below a folder whose name has blanks and signs of the shell; no file may be
    executed.
    """
    tree = tmp_path_factory.mktemp("checkout") / "it's a $HOME; (1)" / "tarn"
    for name in TREE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tree / name)
    for file in tree.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
    return tree


def test_builds_in_a_strange_place(strange):
    """One kernel; its debug information names files from the top folder on."""
    built = make(strange, "build/tarn.elf")
    assert built.returncode == 0, built.stderr
    info = subprocess.run(
        ["readelf", "--debug-dump=info", "build/tarn.elf"],
        cwd=strange,
        capture_output=True,
        text=True,
    ).stdout
    folders = {line.rpartition("): ")[2] for line in info.splitlines() if "DW_AT_comp_dir" in line}
    assert folders == {"."}


@pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")
def test_iso_in_a_strange_place(strange):
    kernels = ["build/tarn.elf", "build/tarn-pae.elf"]
    (strange / "build").mkdir(exist_ok=True)
    for name in kernels:
        shutil.copy("/bin/true", strange / name)  # some ELF file: this is about the path
    made = subprocess.run(
        ["sh", "tools/mkiso.sh", "objcopy", "build/tarn.iso", "grub.cfg", *kernels],
        cwd=strange,
        capture_output=True,
        text=True,
    )
    assert (
        made.returncode == 0 and (strange / "build/tarn.iso").stat().st_size > 1 << 20
    ), made.stderr


@pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")
@pytest.mark.parametrize("kind", ["", "-debug", "-poison", "-plain"])
def test_the_menu_names_the_kernels_of_the_iso(kind, tmp_path):
    kernels = [tmp_path / f"tarn{kind}.elf", tmp_path / f"tarn-pae{kind}.elf"]
    for kernel in kernels:
        shutil.copy("/bin/true", kernel)
    iso = tmp_path / "tarn.iso"
    command = ["sh", "tools/mkiso.sh", "objcopy", iso, "grub.cfg", *kernels]
    subprocess.run(command, cwd=ROOT, check=True)
    named = set(re.findall(rb"multiboot /boot/([\w.-]+)", iso.read_bytes()))
    assert named == {kernel.name.encode() for kernel in kernels}


def test_crlf_is_told_in_one_sentence(strange, tmp_path):
    tree = tmp_path / "tarn"
    shutil.copytree(strange, tree, ignore=shutil.ignore_patterns("build"))
    for file in (tree / "Makefile", *tree.glob("tools/*.*")):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    result = make(tree, "kernels")
    assert result.returncode == 2 and len(result.stderr.splitlines()) == 1, result.stderr
    assert "Lines end in CRLF in this checkout" in result.stderr


@is_checkout
def test_git_gives_lf_to_those_who_ask_for_crlf(tmp_path):
    """What git would write for core.autocrlf=true, of the files as they are here."""
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    for name in ("Makefile", "tools/deps.sh", "kernel/main.c", "docs/README.md"):
        (tmp_path / Path(name).name).write_bytes((ROOT / name).read_bytes())
    git("init", "-q", cwd=tmp_path)
    git("add", "-A", cwd=tmp_path)
    for name in ("Makefile", "deps.sh", "main.c", "README.md"):
        (tmp_path / name).unlink()
    git("-c", "core.autocrlf=true", "-c", "core.eol=crlf", "checkout-index", "-fa", cwd=tmp_path)
    crlf = [
        file.name for file in tmp_path.iterdir() if file.is_file() and b"\r\n" in file.read_bytes()
    ]
    assert (tmp_path / "deps.sh").exists() and not crlf


@is_checkout
def test_programs_have_their_execute_bit():
    modes = dict(reversed(line.split("\t")) for line in git("ls-files", "-s").splitlines())
    wrong = [
        name
        for name, mode in modes.items()
        if (ROOT / name).is_file()
        and (ROOT / name).read_bytes()[:2] == b"#!"
        and not mode.startswith("100755")
    ]
    assert not wrong


CALL = re.compile(
    r"(?:^ {4}|^|`|&& |\$\(|shell |\t@?)((?:tools|docs|tests)/[\w/-]+\.(?:sh|py))\b(?=[ )`]|$)",
    re.M,
)


def test_nothing_is_called_by_its_execute_bit():
    """Makefile, scripts, and commands in documents name the interpreter, so that a checkout without
    execute bits works.
    """
    for file in [ROOT / "Makefile", *ROOT.glob("tools/*.sh"), ROOT / ".ci/run"]:
        code = "".join(
            line
            for line in file.read_text().splitlines(True)
            if not line.lstrip().startswith(("#", ". "))
        )
        assert not CALL.findall(code), file
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        blocks = re.findall(r"^```\n(.*?)^```|((?:^ {4}\S.*\n)+)", page.read_text(), re.M | re.S)
        for line in "\n".join(sum(blocks, ())).splitlines():
            assert not re.match(
                r" *(tools|docs|tests)/\S+\.(sh|py)\b", line
            ), f"{page.name}: {line}"


def test_modules_of_tests_have_different_names():
    """Their folders are all on Python's path: of two with one name the wrong one would be found."""
    folders = re.search(r"^pythonpath = (.*)$", (ROOT / "tests/pytest.ini").read_text(), re.M)[1]
    on_path = [ROOT / "tests" / name for name in folders.split()]
    on_path += [ROOT / "tests/interleave", ROOT / "tests/coverage", ROOT / "tests/mutants"]
    names = [path.name for folder in on_path for path in folder.glob("*.py")]
    assert not [name for name in set(names) if names.count(name) > 1 and name != "conftest.py"]
