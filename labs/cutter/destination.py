"""DEST=: where a tree or a kit is written."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def is_ignored(path):
    """By Git, as what is built."""
    return not subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT).returncode


def within_source(path):
    """It would lie among the files of this source."""
    return ROOT in Path(path).resolve().parents and not is_ignored(path)
