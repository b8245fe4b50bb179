"""make lab N=6 DEST=folder [SHOW=all] [OWN=folder [CATCHUP="2 3"]]: see tree.py."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs"))

from cutter.chunks import CannotCut
from cutter.destination import within_source
from cutter.tree import LeftOver, NotBrought, Tree
from grader.lab import BadLab, all_labs


def arguments():
    parser = argparse.ArgumentParser(prog="make lab", description="Writes a student's tree.")
    parser.add_argument("number", help="N=: which lab")
    parser.add_argument("destination", help="DEST=: a folder that does not exist yet")
    parser.add_argument("--show-all", action="store_true", help="SHOW=all: empties this lab alone")
    parser.add_argument("--own", help="OWN=: an earlier tree, whose files of earlier labs go along")
    parser.add_argument("--caught-up", help="CATCHUP=: but not those of these labs", default="")
    return parser.parse_args()


def refusal(given, labs):
    numbers = [str(lab.number) for lab in labs]
    if given.number == "0":
        return "N=0: nothing is to be written there; its handout goes with the tree of lab 1"
    if given.number not in numbers:
        return f"N={given.number}: there are labs {', '.join(numbers)}"
    if not given.destination:
        return "DEST= names a folder that does not exist yet"
    if Path(given.destination).is_file():
        return f"DEST={given.destination}: is a file"
    if Path(given.destination).exists() and any(Path(given.destination).iterdir()):
        return f"DEST={given.destination}: exists and is not empty"
    if within_source(given.destination):
        return f"DEST={given.destination}: is within this source; a tree is a repository of its own"
    if given.own and not Path(given.own).is_dir():
        return f"OWN={given.own}: there is no such folder"
    if given.caught_up.split() and not given.own:
        return (
            f"CATCHUP={given.caught_up}: says what of OWN= does not go along, and there is no OWN="
        )
    strange = [number for number in given.caught_up.split() if number not in numbers]
    if strange:
        return f"CATCHUP={given.caught_up}: there is no lab {strange[0]}"
    late = [number for number in given.caught_up.split() if int(number) >= int(given.number)]
    if late:
        return f"CATCHUP={given.caught_up}: lab {late[0]} is no lab before lab {given.number}"
    return None


def main():
    given = arguments()
    try:
        refused = refusal(given, all_labs(ROOT / "labs"))
        if refused:
            print(f"make lab: {refused}", file=sys.stderr)
            return 2
        caught_up = map(int, given.caught_up.split())
        tree = Tree(
            ROOT, int(given.number), given.destination, not given.show_all, given.own, caught_up
        )
        tree.write()
    except (BadLab, CannotCut, LeftOver, NotBrought, OSError) as error:
        print(f"make lab: {error}", file=sys.stderr)
        return 1
    if tree.brought:
        print(f"From {given.own}: {', '.join(tree.brought)}")
    print(f"Lab {given.number}, {tree.lab.title}: {given.destination} (read its README.md)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
