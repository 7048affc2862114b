# SPDX-License-Identifier: Apache-2.0
"""A running API with something in its database."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.fakes import api_site


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[api_site.Site]:
    made = api_site.Site(tmp_path)
    api_site.seed()
    yield made
    made.stop()
