# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: work is handed back and goes on after the next start."""

import pathlib
import time

from tests.chaos import stories

#: As the site's configuration says, in seconds.
SHUTDOWN_TIMEOUT = 3.0
#: For ending threads and the interpreter itself.
GRACE = 5.0


def test_drain(tmp_path: pathlib.Path) -> None:
    with stories.prepared(tmp_path) as site:
        story = stories.Story(site)
        child = site.start(pause=0.3)
        site.copy()
        site.wait_until_writing()
        began = time.monotonic()
        assert child.terminate() == 0
        assert time.monotonic() - began < SHUTDOWN_TIMEOUT + GRACE
        assert site.query(
            "SELECT state, attempts, owner, lease_until FROM operation_logs"
            " WHERE operation_type = 'copy'"
        ) == [("queued", 0, None, None)]
        story.resume()
        assert story.outcome.violations == []
        [(status, attempts, skipped, reason)] = site.query(
            "SELECT status, attempts, bytes_skipped, error_info"
            " FROM checkpoint_copies"
        )
        assert (status, attempts, reason) == ("finished", 1, None)
        assert skipped > 0


def test_what_hangs_does_not_keep_the_service(tmp_path: pathlib.Path) -> None:
    """It is left to its lease, and the next process takes it over."""
    with stories.prepared(tmp_path) as site:
        story = stories.Story(site)
        child = site.start("put.before:3:hang")
        site.copy()
        site.wait_until_writing()
        began = time.monotonic()
        assert child.terminate() == 0
        assert time.monotonic() - began < SHUTDOWN_TIMEOUT + GRACE
        story.resume()
        assert story.outcome.violations == []
        assert len(site.copies()) == 1
