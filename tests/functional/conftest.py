# SPDX-License-Identifier: Apache-2.0
"""A running deployment for each test."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.fixtures import deployment


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path) as running:
        yield running
