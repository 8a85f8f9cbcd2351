"""The stubs are what the native module says."""

import stubs


def test_the_stubs_are_those_of_the_catalogue():
    assert stubs.PATH.read_text() == stubs.stubs(), "python tests/stubs.py writes them anew"
