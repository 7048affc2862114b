# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while ten checkpoints are copied."""

import pathlib
import random

import pytest

from tests.chaos import stories

KILLS = 4


@pytest.mark.parametrize("turn", range(2))
def test_random_kills(tmp_path: pathlib.Path, seed: int, turn: int) -> None:
    chance = random.Random(seed + turn)
    with stories.prepared(tmp_path, checkpoints=10, volumes=1) as site:
        story = stories.Story(site)
        child = site.start(pause=0.02)
        copy_id = site.copy()
        site.wait_until_writing()
        child.kill()
        story.judge_dead("the first objects")
        for _ in range(KILLS):
            story.kill_after(chance.uniform(0.0, 0.6), pause=0.02)
        story.resume()
        story.sweep()
        assert story.outcome.violations == []
        assert len(site.copies()) == 10
        assert site.query(
            "SELECT status FROM copies WHERE id = ?", copy_id
        ) == [("finished",)]
