# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-manage bank scrub, on the state of a standalone."""

import functools
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from karbor_copy.banks import reuse
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import waits
from karbor_copy.cmd import manage as manage_module
from tests.fixtures import deployment
from tests.fixtures import forked
from tests.fixtures import standalone

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
#: Bytes of the volume: enough to be worth a link.
SIZE = reuse.MIN_SIZE
Scrub = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copied(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return the state of a standalone that made a copy and has stopped."""
    path = tmp_path / "state"
    with standalone.serving(path) as service:
        client = service.client()
        resource = {
            "type": standalone.VOLUME,
            "id": service.volume(os.urandom(SIZE)),
            "name": "disk",
        }
        plan = client.plans.create("nightly", ONE, [resource])
        protect_and_copy(client, plan["id"])
    return path


def protect_and_copy(client: v1_client.Client, plan_id: str) -> None:
    made = client.checkpoints.create(ONE, plan_id)
    waits.for_checkpoint(client, ONE, made["id"])
    copy = client.copies.create(ONE, plan_id)
    waits.for_copy(client, copy["id"])


def words(state: pathlib.Path, provider_id: str, *more: str) -> list[str]:
    return [
        *("--config-file", str(state / "karbor_copy.conf")),
        *("bank", "scrub", "--provider", provider_id, *more),
    ]


@pytest.fixture
def scrub(copied: pathlib.Path) -> Scrub:
    def scrub(*more: str) -> subprocess.CompletedProcess[str]:
        return forked.run(
            manage_module.main,
            *words(copied, *more),
            timeout=standalone.TIMEOUT,
        )

    return scrub


def chunk(state: pathlib.Path, region: str) -> pathlib.Path:
    """Return the file of the one chunk in a region's bank."""
    (found,) = (state / "banks" / region).glob(
        "karbor/checkpoints/*/resource-data/*/data_*"
    )
    return found


def checkpoint_of(path: pathlib.Path) -> str:
    return path.parts[-4]


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the only checkpoint of the JSON that was printed."""
    value = json.loads(done.stdout)
    assert value["error"] is None
    (found,) = value["checkpoints"]
    assert value["summary"][found["result"]] == 1
    return dict(found)


def test_rot_is_found_and_repaired(copied: pathlib.Path, scrub: Scrub) -> None:
    path = chunk(copied, "region-two")
    copy_id, source_id = map(
        checkpoint_of, (path, chunk(copied, "region-one"))
    )
    good = path.read_bytes()
    done = scrub(TWO)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        f"{copy_id}  good        available",
        "1 good",
    ]
    deployment.flip(path)
    key = "/".join(path.parts[-3:])
    done = scrub(TWO, "--format", "json")
    assert done.returncode == 1
    assert told(done) == {
        "checkpoint_id": copy_id,
        "result": "bad",
        "status": "error",
        "reason": f"1 bad objects in the bank: {key} (wrong_digest)",
        "bad": 1,
        "repaired": 0,
        "objects": [
            {
                "key": key,
                "flaw": "wrong_digest",
                "repaired_from": None,
                "shared_with": [],
            }
        ],
    }
    with standalone.serving(copied) as service:
        (found,) = service.client().checkpoints.list(TWO)
        assert found["status"] == "error"
    done = scrub(TWO, "--checkpoint", copy_id, "--repair")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        f"{copy_id}  repaired    available  1 bad objects, 1 repaired",
        f"  {key}: wrong_digest, repaired from {source_id}",
        "1 repaired",
    ]
    assert path.read_bytes() == good
    assert told(scrub(TWO, "--format", "json"))["result"] == "good"
    with standalone.serving(copied) as service:
        (found,) = service.client().checkpoints.list(TWO)
        assert found["status"] == "available"


def test_killed_and_run_again(copied: pathlib.Path, scrub: Scrub) -> None:
    path = chunk(copied, "region-two")
    good = path.read_bytes()
    path.unlink()
    process = forked.Forked(
        functools.partial(
            manage_module.main,
            words(copied, TWO, "--repair", "--bandwidth", "10K"),
        ),
        output=copied / "output",
        errors=copied / "errors",
    )
    with sqlite3.connect(copied / "karbor_copy.sqlite", timeout=60) as rows:
        deployment.wait(
            lambda: bool(
                rows.execute(
                    "SELECT 1 FROM operation_logs WHERE state = 'running'"
                ).fetchone()
            )
        )
        process.kill()
        process.wait(standalone.TIMEOUT)
        done = scrub(TWO, "--repair", "--format", "json")
        assert done.returncode == 0
        assert told(done)["result"] == "skipped"
        rows.execute("UPDATE operation_logs SET lease_until = 1")
    done = scrub(TWO, "--repair", "--format", "json")
    assert (done.returncode, told(done)["result"]) == (1, "repaired")
    assert path.read_bytes() == good


def test_what_cannot_be_looked_at(copied: pathlib.Path, scrub: Scrub) -> None:
    unknown = "11111111-2222-4333-8444-555555555555"
    for more in ([unknown], [TWO, "--checkpoint", unknown]):
        done = scrub(*more, "--format", "json")
        assert done.returncode == 2
        assert unknown in done.stderr
        assert unknown in json.loads(done.stdout)["error"]
    done = scrub(TWO, "--bandwidth", "fast")
    assert done.returncode == 2
    assert "'fast' is no rate" in done.stderr
    shutil.rmtree(copied / "banks" / "region-two")
    done = scrub(TWO)
    assert done.returncode == 2
    assert "the container is missing" in done.stderr
    (copied / "karbor_copy.conf").unlink()
    done = scrub(TWO)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_who_shares_the_bytes_is_named(
    copied: pathlib.Path, scrub: Scrub
) -> None:
    provider = copied / "providers.d" / "region-two.conf"
    text = provider.read_text()
    group = "[file_system_bank_plugin]\n"
    assert group in text
    provider.write_text(text.replace(group, f"{group}exclusive = true\n"))
    first = chunk(copied, "region-two")
    with standalone.serving(copied) as service:
        client = service.client()
        (plan,) = client.plans.list()
        protect_and_copy(client, plan["id"])
    assert first.stat().st_nlink == 2
    good = first.read_bytes()
    with first.open("r+b") as file:
        file.write(b"rotten")
    done = scrub(TWO, "--format", "json", "--repair")
    assert done.returncode == 1
    found = json.loads(done.stdout)["checkpoints"]
    ids = {item["checkpoint_id"] for item in found}
    assert len(ids) == 2
    assert {item["result"] for item in found} == {"repaired"}
    # The second's file is its own by then.
    named = [item["objects"][0]["shared_with"] for item in found]
    assert named[0] == [found[1]["checkpoint_id"]]
    assert named[1] == []
    assert first.stat().st_nlink == 1
    assert first.read_bytes() == good
