# SPDX-License-Identifier: Apache-2.0
"""A worker that stood still past its lease changes nothing that counts."""

import pathlib
import signal
from typing import Any

import pytest

from tests.chaos import site as site_module
from tests.chaos import stories

TAKEN_OVER = "was taken over by another worker"


def _truth(site: site_module.Site) -> dict[str, Any]:
    """Return the rows that tell of copies, and all bytes of region two."""
    root = site.path / "banks/region-two/karbor"
    return {
        "rows": [
            site.query(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
            for table in (
                "checkpoints",
                "checkpoint_copies",
                "copies",
                "operation_logs",
            )
        ],
        "bank": {
            str(path): site_module.file_digest(path)
            for path in root.rglob("*")
            if path.is_file()
        },
    }


@pytest.mark.parametrize(
    "step", ["put.middle:3", "manifest.middle:1", "committing.before:1"]
)
def test_late_writer(tmp_path: pathlib.Path, step: str) -> None:
    with stories.prepared(tmp_path, interval=900) as site:
        story = stories.Story(site)
        zombie = site.start(f"{step}:stop")
        site.copy()
        zombie.wait_for_stop()
        site.start(api=False)
        site.settle()
        before = _truth(site)
        zombie.send(signal.SIGCONT)
        site.wait_for_log(TAKEN_OVER)
        assert _truth(site) == before
        story.judge_settled()
        assert story.outcome.violations == []
        assert len(site.copies()) == 1
        [(attempts,)] = site.query("SELECT attempts FROM checkpoint_copies")
        assert attempts == 2
        assert zombie.terminate() == 0


@pytest.mark.parametrize("step", ["committing.after:1", "index.after:1"])
def test_a_tombstone_is_left_alone(tmp_path: pathlib.Path, step: str) -> None:
    with stories.prepared(tmp_path, interval=900) as site:
        story = stories.Story(site)
        zombie = site.start(f"{step}:stop")
        site.copy()
        zombie.wait_for_stop()
        site.start()
        site.settle()
        [copy_id] = site.copies().values()
        site.delete(copy_id)
        site.settle()
        before = _truth(site)
        zombie.send(signal.SIGCONT)
        site.wait_for_log(TAKEN_OVER)
        assert _truth(site) == before
        story.judge_settled()
        assert story.outcome.violations == []


def test_late_commit_of_what_was_deleted(tmp_path: pathlib.Path) -> None:
    """The late writer's index is put right by the next sweep."""
    with stories.prepared(tmp_path, interval=900) as site:
        story = stories.Story(site)
        zombie = site.start("index.middle:1:stop")
        site.copy()
        zombie.wait_for_stop()
        site.start()
        site.settle()
        [copy_id] = site.copies().values()
        site.delete(copy_id)
        site.settle()
        zombie.send(signal.SIGCONT)
        site.wait_for_log(TAKEN_OVER)
        story.sweep()
        assert story.outcome.violations == []
        [(status,)] = site.query(
            "SELECT status FROM checkpoints WHERE id = ?", copy_id
        )
        assert status == "deleted"
