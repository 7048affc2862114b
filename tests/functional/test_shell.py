# SPDX-License-Identifier: Apache-2.0
"""The commands karbor-copy and karbor-copy-demo as a user runs them."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from karbor_copy.client import shell
from tests.fixtures import forked
from tests.fixtures import standalone

ONE, TWO = "region-one", "region-two"


def run(
    service: standalone.Standalone, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run karbor-copy."""
    return forked.run(
        shell.main,
        *("--url", service.url, "--project", standalone.PROJECT),
        *("--user", "alice", *words),
        timeout=standalone.TIMEOUT,
    )


def shown(service: standalone.Standalone, *words: str) -> Any:
    """Run a command that shows something; return that."""
    done = run(service, *words, "-f", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_main_job(tmp_path: pathlib.Path) -> None:
    with standalone.serving(tmp_path / "state") as service:
        data = os.urandom(300_000)
        volume_id = service.volume(data)
        resource = f"{standalone.VOLUME}={volume_id}"
        plan = shown(service, "plan", "create", "daily", ONE, resource)
        made = shown(service, "checkpoint", "create", ONE, "daily", "--wait")
        assert made["status"] == "available"

        done = run(
            service, "copy", "create", ONE, "daily", "--wait", "-f", "json"
        )
        assert done.returncode == 0, done.stderr
        copy = json.loads(done.stdout)
        assert (copy["status"], copy["plan_id"]) == ("finished", plan["id"])
        # No terminal, so the progress is told in lines.
        assert re.search(rf"{made['id']}.*finished", done.stderr)

        (found,) = shown(service, "checkpoint", "list", TWO)
        words = ("restore", "create", TWO, found["id"], "--wait")
        assert shown(service, *words)["status"] == "success"
        volumes = (service.state / "volumes").iterdir()
        assert sum(path.read_bytes() == data for path in volumes) == 2

        wrong = run(service, "copy", "show", plan["id"])
        assert wrong.returncode == 1
        assert plan["id"] in wrong.stderr
        assert "Traceback" not in wrong.stderr


def test_a_failure_is_told_with_its_reason(tmp_path: pathlib.Path) -> None:
    with standalone.serving(tmp_path / "state") as service:
        volume_id = service.volume(b"x" * 100_000)
        resource = f"{standalone.VOLUME}={volume_id}"
        shown(service, "plan", "create", "daily", ONE, resource)
        shown(service, "checkpoint", "create", ONE, "daily", "--wait")
        bank = service.state / "banks" / ONE
        (chunk,) = bank.rglob("data_*")
        chunk.write_bytes(b"y" * chunk.stat().st_size)
        done = run(service, "copy", "create", ONE, "daily", "--wait")
    assert done.returncode == 1
    assert "is corrupt" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_serves(tmp_path: pathlib.Path) -> None:
    with standalone.serving(tmp_path / "state") as service:
        assert service.stop() == 0
        done = run(service, "plan", "list")
    assert done.returncode == 1
    assert service.url in done.stderr
    assert "Traceback" not in done.stderr


DEMO = (
    *(sys.executable, "-m", "karbor_copy.cmd.demo", "--size", "1M"),
    *("--volumes", "1", "--checkpoints", "1", "--state-path"),
)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_demo_fails_when_its_service_is_killed(
    tmp_path: pathlib.Path,
) -> None:
    with subprocess.Popen(
        [*DEMO, str(tmp_path / "demo")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        children = pathlib.Path(f"/proc/{demo.pid}/task/{demo.pid}/children")
        child = standalone.wait(lambda: children.read_text().split())[0]
        os.kill(int(child), signal.SIGKILL)
        _, err = demo.communicate(timeout=2 * standalone.TIMEOUT)
    assert demo.returncode == 1
    assert err.strip()
    assert not (tmp_path / "demo").exists()
