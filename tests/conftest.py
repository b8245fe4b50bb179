"""What all tests share: the options of the command line and the folder of the build."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="every pair of machine properties, not every property once")
    parser.addoption("--build", default="build", help="folder that holds the kernels and the ISO")


@pytest.fixture(scope="session")
def build(request):
    return (ROOT / request.config.getoption("--build")).resolve()
