# SPDX-License-Identifier: Apache-2.0
"""Plays ``gabbits/*.yaml``, the readable specification of the API.

A file is one test with a database of its own, so that files can be spread
over processes; what fails is named by the test inside the file.
"""

import pathlib
import unittest
from collections.abc import Iterator

import pytest
from gabbi import handlers
from gabbi import suitemaker
from gabbi import utils

from tests.fakes import api_site
from tests.fixtures import keystone

DIRECTORY = pathlib.Path(__file__).parent / "gabbits"
#: Played behind a real Keystone.
POLICIES = sorted(DIRECTORY.glob("*-policy.yaml"))
FILES = sorted(set(DIRECTORY.glob("*.yaml")) - set(POLICIES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_gabbi(path: pathlib.Path, site: api_site.Site) -> None:
    play(path, site)


@pytest.fixture
def cloud(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[api_site.Site]:
    """Serve behind Keystone, with everybody's token in the environment."""
    for name, (user, project) in {
        "READER": ("reader-alpha", keystone.ALPHA),
        "MEMBER": ("member-alpha", keystone.ALPHA),
        "MANAGER": ("manager-alpha", keystone.ALPHA),
        "STRANGER": ("manager-beta", keystone.BETA),
        "ADMIN": (keystone.ADMIN, keystone.ADMIN),
    }.items():
        monkeypatch.setenv(name, keystone.token(user, project))
    for name, project in {
        "ALPHA": keystone.ALPHA,
        "BETA": keystone.BETA,
        "ADMINS": keystone.ADMIN,
    }.items():
        monkeypatch.setenv(name, keystone.project_id(project))
    site = api_site.Site(tmp_path, keystone.options())
    project_id = keystone.project_id(keystone.ALPHA)
    api_site.add_plan(api_site.PLAN, project_id=project_id)
    api_site.add_checkpoint(api_site.CHECKPOINT, project_id=project_id)
    yield site
    site.stop()


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policy(path: pathlib.Path, cloud: api_site.Site) -> None:
    play(path, cloud)


def play(path: pathlib.Path, site: api_site.Site) -> None:
    """Play a file."""
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
