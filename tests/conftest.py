"""What all tests share: the options of the command line and the folder of the build."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="every pair of machine properties, not every property once")
    parser.addoption("--build", default="build", help="folder that holds the kernels and the ISO")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: runs with --full alone")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--full"):
        config.hook.pytest_deselected([item for item in items if item.get_closest_marker("full")])
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session")
def build(request):
    return (ROOT / request.config.getoption("--build")).resolve()
