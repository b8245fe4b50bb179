"""Kits of the labs, each made once in a run."""

import pytest

from handing_in import Teacher


@pytest.fixture(scope="session")
def teacher(build, tmp_path_factory):
    made = {}

    def of(number):
        if number not in made:
            folder = tmp_path_factory.mktemp(f"lab{number}")
            made[number] = Teacher(number, build.name, folder)
        return made[number]

    return of
