"""The Dockerfile, looked at without Docker: it copies enough for what it runs."""

import re
import shutil
import subprocess
from pathlib import Path

import hosts

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def copied():
    return re.findall(r"^COPY (\S+) /opt/tarn/", DOCKERFILE, re.M)


def test_deps_need_no_more_than_is_copied(tmp_path):
    assert "make -C /opt/tarn deps" in DOCKERFILE
    for name in copied():
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    ran = subprocess.run(
        ["make", "-s", "-C", tmp_path, "deps", "NO_INSTALL=1"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_copied_is_given_to_docker():
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert kept == set(copied())


def test_its_system_is_looked_at():
    assert re.search(r"^FROM debian:(\w+)$", DOCKERFILE, re.M)[1] in hosts.SUITES
