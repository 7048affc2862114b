# SPDX-License-Identifier: Apache-2.0
"""The programs that the documentation shows do what it says they do."""

import os
import pathlib
import subprocess
import sys

from tests.fixtures import standalone

EXAMPLES = pathlib.Path(__file__).parents[2] / "doc/source/user/examples"


def example(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the program that protects, copies and restores."""
    return subprocess.run(
        [sys.executable, EXAMPLES / "copy_a_volume.py", *words],
        capture_output=True,
        text=True,
        timeout=5 * standalone.TIMEOUT,
        check=False,
    )


def test_a_volume_is_copied_and_restored(tmp_path: pathlib.Path) -> None:
    first, second = os.urandom(300_000), os.urandom(100_000)
    with standalone.serving(tmp_path / "state") as service:
        volume_id = service.volume(first)
        words = (service.url, standalone.PROJECT, "alice", volume_id)
        for data in (first, second):
            service.change(volume_id, data)
            done = example(*words)
            assert done.returncode == 0, done.stderr
            copied, restored = done.stdout.splitlines()
            assert copied.startswith("copied as ")
            kind, _, new_id = restored.rpartition("#")
            assert kind == f"restored as {standalone.VOLUME}"
            path = service.state / "volumes" / f"volume-{new_id}"
            assert path.read_bytes() == data

        done = example(*words[:3], standalone.REGION_ONE)
        assert (done.returncode, done.stdout) == (1, "")
        assert standalone.REGION_ONE in done.stderr
        assert "Traceback" not in done.stderr
