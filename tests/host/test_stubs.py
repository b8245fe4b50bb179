"""The stubs of user/lib/calls.h against the table of lib/abi/calls.h: every call, its parameters in
the table's order, each in its register.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(r'CALL\((\d+), (\w+),((?:\s*"[^"]*")+),')
STUB = re.compile(
    r"static __always_inline struct result (\w+)\(([^)]*)\)\s*\{\s*return call_by_number\(\s*CALL_(\w+), (\w+), (\w+),"
    r"\s*\(struct arguments\)\{([^}]*)\}\);"
)


def table():
    """{call: {parameter: register or handle}}, in order."""
    text = (ROOT / "lib/abi/calls.h").read_text().replace("\\\n", "\n")
    return {
        name: {
            argument.split(":")[1]: argument.split(":")[0]
            for argument in "".join(re.findall(r'"([^"]*)"', strings)).split()
        }
        for _, name, strings in CALL.findall(text)
    }


def stubs():
    found = {}
    for name, parameters, number, h1, h2, registers in STUB.findall(
        (ROOT / "user/lib/calls.h").read_text()
    ):
        assert number == name
        place = {value: register for register, value in re.findall(r"\.(\w+) = (\w+)", registers)}
        place |= {value: register for value, register in ((h1, "h1"), (h2, "h2")) if value != "0"}
        order = [parameter.split()[-1] for parameter in parameters.split(",")]
        assert set(order) == set(place), f"{name}: a parameter has no register"
        found[name] = {parameter: place[parameter] for parameter in order}
    return found


def test_every_call_has_its_stub():
    calls, written = table(), stubs()
    assert len(calls) > 15
    assert list(written) == list(calls)
    for name, arguments in calls.items():
        assert list(written[name].items()) == list(arguments.items()), name
