"""What a report says where to look: functions and files that the student has."""

import ast
import re

import pytest

from handing_in import ROOT, graded_labs
from cutter.tree import Tree, tracked

SOURCES = (".c", ".h", ".asm")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# Who else takes such names, beside functions with a parameter `where`: position of the first.
TAKES = {"Failure": 3, "expecting": 2, "about": 1}


def functions_of(modules):
    return [f for m in modules for f in ast.walk(m) if isinstance(f, ast.FunctionDef)]


def takers(functions):
    """{function: position of its argument `where` in a call}"""
    found = dict(TAKES)
    for function in functions:
        names = [argument.arg for argument in function.args.args if argument.arg != "self"]
        if "where" in names and function.name != "__init__":
            found[function.name] = names.index("where")
    return found


def values(modules):
    """{name: [what it is set to, ...]}, of parameters their defaults too."""
    found = {}

    def add(target, value):
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts)
        for to, what in pairs:
            if isinstance(to, ast.Name):
                found.setdefault(to.id, []).append(what)

    for node in (node for module in modules for node in ast.walk(module)):
        if isinstance(node, ast.Assign):
            add(node.targets[0], node.value)
        elif isinstance(node, ast.arguments) and node.defaults:
            for name, value in zip(node.args[-len(node.defaults) :], node.defaults):
                add(ast.Name(name.arg), value)
    return found


def strings(node, known):
    """Those of the expression, and of what its names were set to."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Name):
            for value in known.get(part.id, []):
                if isinstance(value, (ast.Constant, ast.Tuple)):
                    yield from strings(value, known)


def places_to_look(folder):
    """Every name that a lab's scenarios give as `where`."""
    modules = [ast.parse(path.read_text()) for path in sorted(folder.glob("*.py"))]
    takes, known = takers(functions_of(modules)), values(modules)
    found = set()
    for call in (c for module in modules for c in ast.walk(module) if isinstance(c, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        given = [word.value for word in call.keywords if word.arg == "where"]
        if name in takes:
            last = None if name == "about" else takes[name] + 1
            given += call.args[takes[name] : last]
        for node in given:
            found.update(strings(node, known))
    return found


def code_of(tree):
    """{file: text without comments} as the student has it, in what can be compiled."""
    found = {}
    for name in filter(tree.goes_along, tracked(ROOT)):
        if name.endswith(SOURCES):
            cut = tree.cutters.get(name)
            found[name] = cut.text() if cut else (ROOT / name).read_text()
    for path, file in tree.twins.items():
        found[path] = file.read_text()
    return {name: COMMENT.sub("", text) for name, text in found.items()}


@pytest.mark.parametrize("number", graded_labs())
def test_where_to_look_is_in_the_tree(number, tmp_path):
    tree = Tree(ROOT, number, tmp_path / "lab")
    code = code_of(tree)
    files = {path.rsplit("/", 1)[-1] for path in [*code, *tree.lab.owns]}
    called = set(re.findall(r"\b(\w+)\s*(?:\(|:$)", "\n".join(code.values()), re.M))
    places = places_to_look(ROOT / "labs" / str(number))
    assert places, "the scenarios name nothing"
    lost = {place for place in places if place not in files and place not in called}
    assert not lost, f"lab {number}: no student has {', '.join(sorted(lost))}"
