"""Files for editors: they parse, and name what exists."""

import json
import re
import subprocess
import sys

import pytest

from qemu import ROOT

JSON = [
    ".vscode/tasks.json",
    ".vscode/launch.json",
    ".vscode/settings.json",
    ".vscode/extensions.json",
    ".devcontainer/devcontainer.json",
]


def load(name):
    return json.loads((ROOT / name).read_text())


def goals():
    """The goals that the Makefile defines, with those of tools/goals.mk."""
    files = (ROOT / "Makefile", ROOT / "tools/goals.mk")
    text = "\n".join(file.read_text() for file in files).replace("\\\n", "")
    return {word for line in re.findall(r"^([\w. -]+):(?!=)", text, re.M) for word in line.split()}


@pytest.mark.parametrize("name", JSON)
def test_json_parses(name):
    assert load(name)


def strings(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", JSON)
def test_names_exist(name, build):
    """Every path in the workspace, every kernel, every goal of make."""
    for text in strings(load(name)):
        for path in re.findall(r"\$\{workspaceFolder\}/([\w./-]+)", text):
            file = build / path.removeprefix("build/") if path.startswith("build/") else ROOT / path
            assert file.exists(), f"{name}: {path}"
        for goal in re.findall(r"^make ([\w.-]+)", text):
            assert goal in goals(), f"{name}: make {goal}"


def test_launches_have_their_tasks():
    tasks = {task["label"] for task in load(".vscode/tasks.json")["tasks"]}
    launches = load(".vscode/launch.json")["configurations"]
    assert {launch["preLaunchTask"] for launch in launches} <= tasks
    programs = {launch["program"].rpartition("/")[2] for launch in launches}
    assert programs >= {
        "tarn-debug.elf",
        "tarn-pae-debug.elf",
    }, "both, as make gdb-server runs them"


def test_the_container_installs_by_the_makefile():
    container = load(".devcontainer/devcontainer.json")
    assert "make deps" in container["postCreateCommand"]


def test_compile_commands(tmp_path):
    """make's own dry run as clang's database: every C file of the kernel, with the flags that it is
    compiled with.
    """
    command = ["make", "--no-print-directory", "-nB", "V=1", f"BUILD={tmp_path}/b"]
    dry = "".join(
        subprocess.run(
            [*command, *goals], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for goals in (["kernels", "plain"], ["DEBUG=1", "kernels"])
    )
    made = subprocess.run(
        [sys.executable, ROOT / "tools/compile_commands.py"],
        input=dry,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    entries = json.loads(made.stdout)
    files = {entry["file"] for entry in entries}
    assert files >= {
        str(path.relative_to(ROOT))
        for folder in ("kernel", "lib", "tests/kernel")
        for path in (ROOT / folder).rglob("*.c")
    }
    assert len(files) == len(entries) and all(
        "-mregparm=3" in e["arguments"] and "-Ikernel" in e["arguments"] for e in entries
    )
