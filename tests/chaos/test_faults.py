# SPDX-License-Identifier: Apache-2.0
"""A short campaign of faults of the target's server, for each kind."""

import pathlib

import pytest

from tests.chaos import faults

FAULTS = 40


@pytest.mark.parametrize("kind", ["swift", "s3"])
def test_copies_to_a_server_that_fails_and_lies(
    tmp_path: pathlib.Path, seed: int, kind: str
) -> None:
    result = faults.run(tmp_path, kind, seed=seed, faults=FAULTS)
    assert result.violations == []
    assert result.faults.total() >= FAULTS
