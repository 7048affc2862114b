# SPDX-License-Identifier: Apache-2.0
"""A short ordeal of the whole cluster, on each database server."""

import pathlib

import pytest

from tests.chaos import cluster as cluster_module
from tests.chaos import ordeal

#: One of each kind.
BLOWS = 10


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_cluster_under_blows(
    tmp_path: pathlib.Path, seed: int, kind: str
) -> None:
    with cluster_module.running(
        tmp_path, kind, seed=seed, pause=0.05
    ) as cluster:
        result = ordeal.undergo(cluster, plans=2, checkpoints=6, blows=BLOWS)
    assert result.violations == []
    assert set(result.statuses) == {"finished"}
    assert result.blows.total() == BLOWS
