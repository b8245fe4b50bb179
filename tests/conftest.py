"""What all tests share: the options of the command line, the folder of the build, and which skips
are allowed.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--full",
        action="store_true",
        help="every pair of machine properties, not every property once",
    )
    parser.addoption(
        "--skips", type=Path, help="file of the tests that may be skipped; any other skip fails"
    )
    parser.addoption("--build", default="build", help="folder that holds the kernels and the ISO")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: runs with --full alone")
    config.addinivalue_line("markers", "sample: runs where -m asks for it (make check-more)")


def leave_out(config, items, marker):
    config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker(marker)])
    items[:] = [item for item in items if not item.get_closest_marker(marker)]


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--full"):
        leave_out(config, items, "full")
    if "sample" not in config.getoption("-m"):
        leave_out(config, items, "sample")


@pytest.fixture(scope="session")
def build(request):
    return (ROOT / request.config.getoption("--build")).resolve()


def allowed(config):
    """Patterns of tests that --skips lists, each with its reason: "tests/x/test_y.py::test_z:
    reason".
    """
    lines = config.getoption("--skips").read_text().splitlines()
    return [line.partition(": ")[0] for line in lines if line and not line.startswith("#")]


def refuse_skip(item, report):
    """A skip that no file lists fails: what a machine lacks would go unnoticed."""
    if not report.skipped or not item.config.getoption("--skips") or hasattr(report, "wasxfail"):
        return
    if not any(re.fullmatch(pattern, item.nodeid) for pattern in allowed(item.config)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped, and {item.config.getoption('--skips')} does not list it: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    refuse_skip(item, (yield).get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    refuse_skip(collector, (yield).get_result())
