# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every state change, one after the other."""

import pathlib

import pytest

from tests.chaos import stories

PROTECT = (
    "request_protect.after",
    "claim.after",
    "graph.after",
    "put.middle:3",
    "flush.before",
    "object.middle:3",
    "delete.after:2",
    "manifest.after",
    "committing.after",
    "index.middle",
    "settling.before",
)
COPY = (
    "request.after",
    "claim.after",
    "begin.before",
    "begin.after",
    "put.before:2",
    "put.middle:3",
    "put.after:4",
    "flush.before",
    "flush.after",
)
COMMIT = (
    "read_back.after:5",
    "manifest.before",
    "manifest.middle",
    "manifest.after",
    "committing.before",
    "committing.after",
    "index.middle",
    "index.after",
    "index_key.middle:2",
    "index_key.after:3",
    "settle.before",
    "settling.before",
    "settle.after",
)
#: After which another attempt meets what the one before has put.
CREATED = (
    "put.middle:3",
    "flush.before",
    "manifest.after",
    "committing.after",
    "index.after",
    "index_key.after:3",
)
RESTORE = ("owner.after", "publish.before", "publish.after", "settle.before")
DELETE = (
    "index.before",
    "index.after",
    "delete.after:2",
    "delete.before:6",
    "index.middle:2",
    "settle.before",
)
RESET = ("index.middle", "index.after", "settle.before")


def test_protect(tmp_path: pathlib.Path) -> None:
    with stories.prepared(tmp_path, checkpoints=0) as site:
        story = stories.Story(site)
        story.kill_at(PROTECT, site.protect)
        story.resume()
        story.sweep()
        assert story.outcome.violations == []
        assert story.outcome.kills == len(PROTECT)
        [(status,)] = site.query("SELECT status FROM checkpoints")
        assert status == "available"


@pytest.mark.parametrize("plans", [COPY, COMMIT], ids=["copy", "commit"])
def test_copy(tmp_path: pathlib.Path, plans: tuple[str, ...]) -> None:
    with stories.prepared(tmp_path, checkpoints=2) as site:
        story = stories.Story(site)
        story.kill_at(plans, site.copy)
        story.resume()
        site.copy()
        site.settle()
        story.sweep()
        assert story.outcome.violations == []
        assert len(site.copies()) == 2
        rows = site.query("SELECT bytes_skipped FROM checkpoint_copies")
        assert len(rows) == 2
        assert any(skipped for (skipped,) in rows)


def test_copy_to_where_nothing_can_be_replaced(
    tmp_path: pathlib.Path,
) -> None:
    with stories.prepared(tmp_path) as site:
        file = site.path / "providers.d" / "region-two.conf"
        with file.open("a") as opened:
            opened.write("[copy]\ntarget_cleanup = local\n")
        story = stories.Story(site)
        story.kill_at(CREATED, site.copy)
        story.resume()
        assert story.outcome.violations == []
        assert story.outcome.kills == len(CREATED)
        [(status,)] = site.query("SELECT status FROM checkpoint_copies")
        assert status == "finished"


def test_restore_reset_and_delete(tmp_path: pathlib.Path) -> None:
    with stories.prepared(tmp_path, copied=True) as site:
        [copy_id] = site.copies().values()
        story = stories.Story(site)
        story.kill_at(RESTORE, lambda: site.restore(copy_id))
        story.resume()
        [(status,)] = site.query("SELECT status FROM restores")
        assert status == "success"
        site.children[-1].kill()
        story.kill_at(RESET, lambda: site.reset(copy_id, "error"))
        story.resume()
        site.reset(copy_id, "available")
        site.settle()
        site.children[-1].kill()
        story.kill_at(DELETE, lambda: site.delete(copy_id))
        story.resume()
        story.sweep()
        assert story.outcome.violations == []
        [(status,)] = site.query(
            "SELECT status FROM checkpoints WHERE id = ?", copy_id
        )
        assert status == "deleted"


def test_clean_up(tmp_path: pathlib.Path) -> None:
    with stories.prepared(tmp_path) as site:
        story = stories.Story(site)
        child = site.start("clean_up.before", pause=0.3)
        copy_id = site.copy()
        site.wait_until_writing()
        site.cancel(copy_id)
        child.wait_for_death()
        story.judge_dead("clean_up.before")
        for plan in ("delete.before:2", "delete.after", "settle.before"):
            site.start(plan).wait_for_death()
            story.judge_dead(plan)
        story.resume()
        story.sweep()
        assert story.outcome.violations == []
        [(status,)] = site.query("SELECT status FROM checkpoint_copies")
        assert status == "cancelled"
        assert site.copies() == {}


def test_what_kills_its_workers_ends_as_error(tmp_path: pathlib.Path) -> None:
    with stories.prepared(tmp_path) as site:
        path = site.path / "karbor_copy.conf"
        path.write_text(path.read_text().replace("= 1000", "= 2"))
        story = stories.Story(site)
        story.kill_at(["put.middle:3", "put.middle:2"], site.copy)
        story.resume()
        story.sweep()
        assert story.outcome.violations == []
        [(status, reason)] = site.query(
            "SELECT status, error_info FROM checkpoint_copies"
        )
        assert status == "error"
        assert "2 workers were lost" in reason
        site.copy()  # under a new id
        site.settle()
        story.judge_settled()
        assert story.outcome.violations == []
        assert len(site.copies()) == 1
