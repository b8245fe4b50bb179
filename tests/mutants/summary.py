"""What became of the mutants: a line for each, then the table."""
import collections

from judges import ALL_ASKED


def state(mutant, found):
    """What became of it, as a column of the table."""
    if not found:
        return "argued" if "equivalent" in mutant else "survived"
    if found[0][0] in ("ERROR", "unbuilt"):
        return "error" if found[0][0] == "ERROR" or not mutant.get("generated") else "unbuilt"
    return "wrongly argued" if "equivalent" in mutant else "caught"


def report(mutant, found):
    what = state(mutant, found)
    why = (
        f" argued: {mutant['equivalent']}"
        if what == "argued"
        else "".join(f" {text}" for _, text in found[:1])
    )
    others = [name for name, _ in found[1:]]
    who = found[0][0] if what == "caught" else what.upper()
    print(
        f"{mutant['name']:40} {who:12}{why}" + (f"   also: {' '.join(others)}" if others else ""),
        flush=True,
    )
    return found


def print_table(mutants, results):
    """A row for each kind: how many, what became of them, and who caught how many."""
    rows = collections.defaultdict(collections.Counter)
    for mutant, found in zip(mutants, results):
        what = state(mutant, found)
        for kind in (mutant["kind"], "all"):
            rows[kind].update(
                [
                    "planted",
                    what,
                    *(f"by {name}" for name, _ in found if what in ("caught", "wrongly argued")),
                ]
            )
    names = [f"by {name}" for name in ALL_ASKED if rows["all"][f"by {name}"]]
    rare = [
        column
        for column in ("argued", "wrongly argued", "survived", "unbuilt", "error")
        if rows["all"][column]
    ]
    columns = ["planted", "caught", *rare, *names]
    print(
        "\n"
        + f"{'kind':16}"
        + "".join(f"{column.removeprefix('by '):>{len(column) + 2}}" for column in columns)
    )
    for kind in [*sorted(k for k in rows if k != "all"), "all"]:
        print(
            f"{kind:16}"
            + "".join(f"{rows[kind][column] or '-':>{len(column) + 2}}" for column in columns)
        )


def summary(mutants, results, at_least):
    """Prints table and total; 1 if too few are caught of those that build and are not argued
    for.
    """
    print_table(mutants, results)
    states = [state(mutant, found) for mutant, found in zip(mutants, results)]
    named = {
        what: [m["name"] for m, s in zip(mutants, states) if s == what] for what in set(states)
    }
    caught, survived = len(named.get("caught", [])), len(named.get("survived", []))
    percent = 100 * caught / max(1, caught + survived)
    print(
        f"\n{len(mutants)} mutants: {caught} of {caught + survived} caught ({percent:.1f} %), "
        f"{len(named.get('argued', []))} argued to be equivalent, {len(named.get('unbuilt', []))} did not build"
    )
    for what in ("survived", "wrongly argued", "error"):
        if what in named:
            print(f"{what}: {', '.join(named[what])}")
    return 1 if percent < at_least or "error" in named or "wrongly argued" in named else 0
