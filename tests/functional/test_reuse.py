# SPDX-License-Identifier: Apache-2.0
"""Only what changed crosses to the target, and nothing depends on it."""

import pathlib
import random

import pytest

from karbor_copy import exceptions
from karbor_copy.protection import earlier as earlier_module
from tests.fixtures import deployment
from tests.fixtures import garbage
from tests.fixtures.deployment import CHUNK
from tests.fixtures.deployment import TWO

CHUNKS = 20


@pytest.fixture
def resource(site: deployment.Deployment) -> deployment.Json:
    return site.volume(random.randbytes(CHUNKS * CHUNK))


def path_of(
    site: deployment.Deployment, resource: deployment.Json
) -> pathlib.Path:
    return site.volumes / f"volume-{resource['id']}"


def change(path: pathlib.Path, number: int) -> None:
    """Give a volume one new chunk."""
    with path.open("r+b") as file:
        file.seek(number * CHUNK)
        file.write(random.randbytes(CHUNK))


def sums(copy: deployment.Json) -> tuple[int, int]:
    """Return the data bytes that were sent, and those reused, in chunks.

    Metadata and status are less than a chunk.
    """
    members = copy["checkpoint_copies"]
    return (
        sum(item["bytes_copied"] for item in members) // CHUNK,
        sum(item["bytes_reused"] for item in members) // CHUNK,
    )


def test_ten_checkpoints_of_a_volume_that_changes_a_little(
    site: deployment.Deployment, resource: deployment.Json
) -> None:
    path = path_of(site, resource)
    plan_id = site.plan([resource])
    states = {}
    for number in range(10):
        change(path, number)
        states[site.protect(plan_id)] = deployment.sha256(path)
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    unique = CHUNKS + 9
    assert sums(copy) == (unique, 10 * CHUNKS - unique)
    # Each is whole without the others.
    copies = {
        item["checkpoint_id"]: item["checkpoint_copy_id"]
        for item in copy["checkpoint_copies"]
    }
    last = list(states)[-1]
    for checkpoint_id, copy_id in copies.items():
        if checkpoint_id != last:
            site.delete(TWO, copy_id)
    restore = site.restore(TWO, copies[last])
    assert restore["status"] == "success"
    restored = deployment.sha256(site.restored(restore, resource))
    assert restored == states[last]


@pytest.fixture
def copied(
    site: deployment.Deployment, resource: deployment.Json
) -> tuple[str, str]:
    """Copy the volume once; return the plan and the copy's checkpoint."""
    plan_id = site.plan([resource])
    site.protect(plan_id)
    copy = site.copy(plan_id)
    assert sums(copy) == (CHUNKS, 0)
    (member,) = copy["checkpoint_copies"]
    return plan_id, member["checkpoint_copy_id"]


def next_copy(
    site: deployment.Deployment, resource: deployment.Json, plan_id: str
) -> deployment.Json:
    """Change one chunk of the volume, protect and copy it.

    As in another process: what a copy knew is forgotten.
    """
    garbage.collect()
    change(path_of(site, resource), 3)
    site.protect(plan_id)
    return site.copy(plan_id)


def restores(
    site: deployment.Deployment,
    resource: deployment.Json,
    copy: deployment.Json,
) -> None:
    (member,) = copy["checkpoint_copies"]
    restore = site.restore(TWO, member["checkpoint_copy_id"])
    assert restore["status"] == "success"
    assert deployment.sha256(
        site.restored(restore, resource)
    ) == deployment.sha256(path_of(site, resource))


def test_a_later_copy_reuses_the_earlier_one(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, _ = copied
    copy = next_copy(site, resource, plan_id)
    assert sums(copy) == (1, CHUNKS - 1)
    restores(site, resource, copy)


def test_rot_in_the_earlier_copy_goes_no_further(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, earlier = copied
    deployment.flip(site.data(TWO, earlier)[7])
    copy = next_copy(site, resource, plan_id)
    assert copy["status"] == "finished"
    restores(site, resource, copy)


def test_an_earlier_copy_without_manifest_is_not_used(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, earlier = copied
    (site.bank(TWO) / "checkpoints" / earlier / "manifest.jsonl").unlink()
    copy = next_copy(site, resource, plan_id)
    assert sums(copy) == (CHUNKS, 0)
    restores(site, resource, copy)


@pytest.mark.parametrize("name", ["index.json", "manifest.jsonl"])
@pytest.mark.parametrize(
    "error",
    [
        exceptions.ObjectUnreadable(key="x", reason="Input/output error"),
        exceptions.BankRejected(reason="forbidden"),
        exceptions.BankUnavailable(reason="not this one"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_earlier_copy_that_can_not_be_read_is_not_used(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    error: exceptions.BankError,
    name: str,
) -> None:
    monkeypatch.setattr(earlier_module, "PATIENCE", 0.0)
    plan_id, earlier = copied

    def before(call: str, key: str) -> None:
        if call == "open" and key == f"checkpoints/{earlier}/{name}":
            raise error

    site.scripts[TWO].before = before
    copy = next_copy(site, resource, plan_id)
    assert sums(copy) == (CHUNKS, 0)
    restores(site, resource, copy)


def test_an_earlier_copy_whose_bank_is_away_for_a_moment_is_used(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, earlier = copied
    failures = [exceptions.BankUnavailable(reason="for a moment")]

    def before(call: str, key: str) -> None:
        if call == "open" and f"checkpoints/{earlier}/manifest" in key:
            while failures:
                raise failures.pop()

    site.scripts[TWO].before = before
    copy = next_copy(site, resource, plan_id)
    assert not failures
    assert sums(copy) == (1, CHUNKS - 1)


def test_an_earlier_copy_that_goes_meanwhile(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, earlier = copied
    files = iter(site.data(TWO, earlier))

    def before(call: str, key: str) -> None:
        if call == "copy":
            for path in files:
                path.unlink()

    site.scripts[TWO].before = before
    copy = next_copy(site, resource, plan_id)
    assert sums(copy) == (CHUNKS, 0)
    restores(site, resource, copy)


def test_a_copy_that_the_back_end_only_pretends(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id, _ = copied
    pretended: set[str] = set()

    def drops(key: str) -> bool:
        """Forget the first try of each."""
        first = "/data_" in key and key not in pretended
        pretended.add(key)
        return first

    site.scripts[TWO].drops = drops
    copy = next_copy(site, resource, plan_id)
    assert copy["status"] == "finished"
    restores(site, resource, copy)


def test_another_plan_shares_nothing(
    site: deployment.Deployment,
    resource: deployment.Json,
    copied: tuple[str, str],
) -> None:
    plan_id = site.plan([resource])
    site.protect(plan_id)
    assert plan_id != copied[0]
    assert sums(site.copy(plan_id)) == (CHUNKS, 0)
