# SPDX-License-Identifier: Apache-2.0
"""What anyone may have written into a bank harms nothing but itself."""

import pathlib
import random
import re
import resource
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy.db import models
from tests.fakes import evil_checkpoints
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

#: Bytes that the process may grow by, whatever it is that is read.
ROOM = 400 * 1024 * 1024
EVIL = {**evil_checkpoints.INDEXES, **evil_checkpoints.MANIFESTS}
#: What a copy, which knows of its source from the catalogue, looks at too.
READ_AGAIN = {
    "no JSON",
    "a byte order mark",
    "a name twice",
    "larger than any",
    "a bomb of brackets",
    "readable, and too deep to store",
    "after all time",
    *evil_checkpoints.MANIFESTS,
}
Bank = tuple[pathlib.Path, str]


def grown() -> int:
    """Return the most bytes that this process ever had."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Give a bank with one good checkpoint, and its id."""
    path = tmp_path_factory.mktemp("good")
    with deployment.deployed(path) as site:
        plan_id = site.plan([site.volume(random.randbytes(200_000))])
        checkpoint_id = site.protect(plan_id)
    return site.bank(ONE), checkpoint_id


@pytest.fixture
def site(
    bank: Bank, tmp_path: pathlib.Path
) -> Iterator[deployment.Deployment]:
    """Give a site whose catalogue knows nothing of that bank yet."""
    with deployment.deployed(tmp_path, working=False) as running:
        shutil.copytree(bank[0], running.bank(ONE), dirs_exist_ok=True)
        yield running


def test_what_is_made_of_them_without_a_flaw_is_good(
    site: deployment.Deployment, bank: Bank
) -> None:
    made = evil_checkpoints.read(*bank, str(uuid.uuid4()))
    made.write(site.bank(ONE))
    report = site.reconcile()[ONE]
    assert (report.added, report.refused) == (2, [])


@pytest.mark.parametrize("name", EVIL)
def test_one_is_refused_by_name_and_alone(
    site: deployment.Deployment, bank: Bank, name: str
) -> None:
    forge, reason = EVIL[name]
    made = evil_checkpoints.read(*bank, str(uuid.uuid4()))
    # It comes after the one whose plan it claims.
    made.index["timestamp"] += 1
    forge(made)
    made.write(site.bank(ONE))
    keys, before = site.keys(ONE), grown()

    report = site.reconcile()[ONE]

    assert grown() - before < ROOM
    (refused,) = report.refused
    assert made.id in refused
    assert re.search(reason, refused), refused
    assert len(refused) < 400
    assert refused.isprintable()
    assert report.added == 1
    (row,) = deployment.rows(models.Checkpoint)
    assert (row.id, row.status) == (bank[1], "available")
    (plan,) = deployment.rows(models.Plan)
    assert plan.project_id == deployment.PROJECT
    assert site.keys(ONE) == keys
    # And the next time, when the good one is known.
    again = site.reconcile()[ONE]
    assert (again.added, again.changed, again.vanished) == (0, 0, 0)
    assert again.refused == [refused]


def failed(site: deployment.Deployment, plan_id: str) -> str:
    """Copy, which must fail and leave nothing; return what a user is told."""
    site.work()
    before = grown()
    copy = site.copy(plan_id)
    assert grown() - before < ROOM
    assert copy["status"] == "error"
    (member,) = copy["checkpoint_copies"]
    site.wait_clean()
    assert site.keys(TWO) == set()
    reason = str(member["error_info"])
    assert "internal error" not in reason
    assert len(reason) < 600
    return reason


@pytest.mark.parametrize("name", sorted(READ_AGAIN))
def test_a_source_that_became_one_is_not_copied(
    site: deployment.Deployment, bank: Bank, name: str
) -> None:
    forge, reason = EVIL[name]
    site.reconcile()
    made = evil_checkpoints.read(*bank, bank[1])
    plan_id = made.index["protection_plan"]["id"]
    forge(made)
    made.write(site.bank(ONE))
    # The same words, but for those of an object, which is read by then.
    told = failed(site, plan_id)
    assert re.search(f"{reason}|is corrupt", told), told


UNLISTED: dict[str, tuple[str, bytes, str]] = {
    "a status of any length": ("status", b"x" * 20_000_000, "larger than"),
    "a status with lines": ("status", b"bad\nworse", "bad.worse"),
    "metadata of any length": ("metadata", b" " * 20_000_000, "larger than"),
    "a billion chunks": (
        "metadata",
        b'{"chunks_num": 1000000000}',
        "counts 1000000000 chunks",
    ),
    "a count that is a book": (
        "metadata",
        b'{"chunks_num": "' + b"x" * 100_000 + b'"}',
        "counts x+ chunks",
    ),
}


@pytest.mark.parametrize("name", UNLISTED)
def test_a_source_without_a_manifest_is_read_with_care(
    site: deployment.Deployment, bank: Bank, name: str
) -> None:
    """As Karbor wrote it, so that nothing vouches for its objects."""
    made: Any = evil_checkpoints.read(*bank, bank[1])
    plan_id = made.index["protection_plan"]["id"]
    made.write(site.bank(ONE))
    root = site.bank(ONE) / "checkpoints" / bank[1]
    (root / "manifest.jsonl").unlink()
    del made.index["manifest_sha256"]
    (root / "index.json").write_bytes(made.text())
    site.reconcile()
    evil, data, reason = UNLISTED[name]
    (path,) = root.glob(f"resource-data/*/{evil}")
    path.write_bytes(data)
    assert re.search(reason, failed(site, plan_id))
