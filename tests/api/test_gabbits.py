# SPDX-License-Identifier: Apache-2.0
"""Plays ``gabbits/*.yaml``, the readable specification of the API.

A file is one test with a database of its own, so that files can be spread
over processes; what fails is named by the test inside the file.
"""

import pathlib
import unittest

import pytest
from gabbi import handlers
from gabbi import suitemaker
from gabbi import utils

from tests.fakes import api_site

DIRECTORY = pathlib.Path(__file__).parent / "gabbits"
FILES = sorted(DIRECTORY.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_gabbi(path: pathlib.Path, site: api_site.Site) -> None:
    suite = suitemaker.test_suite_from_dict(
        unittest.TestLoader(),
        path.stem,
        utils.load_yaml(yaml_file=str(path)),
        str(DIRECTORY),
        # Another name would be refused.
        "localhost",
        8799,
        None,
        lambda: site.app,
        handlers=[handler() for handler in handlers.RESPONSE_HANDLERS],
    )
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun > 0
    problems = [*result.errors, *result.failures]
    if problems:
        pytest.fail(
            "\n".join(f"{test.id()}\n{text}" for test, text in problems),
            pytrace=False,
        )
