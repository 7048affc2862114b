# SPDX-License-Identifier: Apache-2.0
"""Banks that refuse, fill up, lie, rot or go away for a while."""

import pathlib
import random
import re
import shutil
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.protection import ending
from tests.fixtures import deployment
from tests.fixtures import disks
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

_MIB = 1024 * 1024


def _failed(site: deployment.Deployment, plan_id: str) -> deployment.Json:
    """Copy, which must fail and leave nothing; return the member."""
    copy = site.copy(plan_id)
    assert copy["status"] == "error"
    (member,) = copy["checkpoint_copies"]
    assert member["status"] == "error"
    # Data at most, until a clean-up has removed it too.
    shown = re.compile(r"indices/|checkpoints/[^/]+/[^/]+\.json")
    assert not [key for key in site.keys(TWO) if shown.match(key)]
    return dict(member)


def test_a_read_only_target(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    with disks.read_only(site.bank(TWO).parent):
        member = _failed(site, plan_id)
        assert "Bank rejected the request" in member["error_info"]
        assert str(site.path) not in member["error_info"]
    done = site.copy(plan_id)
    assert done["status"] == "finished"


def test_a_full_target(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(random.randbytes(6 * _MIB))])
    site.protect(plan_id)
    small = site.plan([site.volume(random.randbytes(2 * _MIB))])
    site.protect(small)
    path = site.bank(TWO).parent
    with disks.small(path, 4 * _MIB):
        path.joinpath("karbor").mkdir()
        path.joinpath(".karbor.tmp").mkdir()
        member = _failed(site, plan_id)
        assert "Bank rejected the request" in member["error_info"]
        site.wait_clean()
        assert site.objects(TWO, member["checkpoint_copy_id"]) == set()
        # What the failed one took is free again.
        assert site.copy(small)["status"] == "finished"
    assert site.copy(plan_id)["status"] == "finished"


def test_a_flipped_byte_in_the_source(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(random.randbytes(_MIB))])
    checkpoint_id = site.protect(plan_id)
    path = site.data(ONE, checkpoint_id)[7]
    deployment.flip(path)
    member = _failed(site, plan_id)
    assert f"/{path.name} is corrupt" in member["error_info"]


def test_a_lost_object_of_the_source(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(random.randbytes(_MIB))])
    checkpoint_id = site.protect(plan_id)
    path = site.data(ONE, checkpoint_id)[3]
    path.unlink()
    member = _failed(site, plan_id)
    assert f"/{path.name} is corrupt: it is missing" in member["error_info"]


def test_another_manifest_at_the_source(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data")])
    checkpoint_id = site.protect(plan_id)
    root = site.bank(ONE) / "checkpoints" / checkpoint_id
    deployment.flip(root / "manifest.jsonl")
    member = _failed(site, plan_id)
    assert "source object manifest.jsonl is corrupt" in member["error_info"]


class Rot:
    """Flips a byte of a chunk each time it was written to the target."""

    def __init__(self, site: deployment.Deployment, times: int) -> None:
        self.times = times
        self.lock = threading.Lock()
        self.root = site.bank(TWO)
        site.scripts[TWO].after = self

    def __call__(self, call: str, key: str) -> None:
        with self.lock:
            if call != "put" or "/data_" not in key or not self.times:
                return
            self.times -= 1
        deployment.flip(self.root / key)


def test_a_flipped_byte_in_the_target_is_written_again(
    site: deployment.Deployment,
) -> None:
    data = random.randbytes(_MIB)
    volume = site.volume(data)
    plan_id = site.plan([volume])
    site.protect(plan_id)
    rot = Rot(site, times=1)
    copy = site.copy(plan_id)
    assert rot.times == 0
    assert copy["status"] == "finished"
    target = copy["checkpoint_copies"][0]["checkpoint_copy_id"]
    restore = site.restore(TWO, target)
    assert site.restored(restore, volume).read_bytes() == data


def test_a_target_that_rots_all_is_found_out(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    Rot(site, times=1000)
    member = _failed(site, plan_id)
    assert "/data_1_0 has digest" in member["error_info"]


def test_a_target_that_stores_nothing_is_found_out(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    site.scripts[TWO].drops = lambda key: "/data_" in key
    member = _failed(site, plan_id)
    assert "data_1_0 not found" in member["error_info"]


class Away:
    """Lets so many calls fail as an unreachable bank's do."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.lock = threading.Lock()

    def __call__(self, call: str, key: str) -> None:
        with self.lock:
            if not self.times:
                return
            self.times -= 1
        raise exceptions.BankUnavailable(reason="connection refused")


@pytest.mark.parametrize("provider_id", [ONE, TWO])
def test_a_bank_that_is_away_for_a_while(
    site: deployment.Deployment, provider_id: str
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    away = Away(times=2)
    site.scripts[provider_id].before = away
    assert site.copy(plan_id)["status"] == "finished"
    assert away.times == 0


def test_a_target_that_is_away_for_good(tmp_path: pathlib.Path) -> None:
    with deployment.deployed(tmp_path, retry_timeout=0.0) as site:
        plan_id = site.plan([site.volume(b"data")])
        site.protect(plan_id)
        site.scripts[TWO].before = Away(times=-1)
        member = _failed(site, plan_id)
        assert "Bank unavailable" in member["error_info"]


def test_a_missing_container_is_no_empty_bank(
    tmp_path: pathlib.Path,
) -> None:
    with deployment.deployed(tmp_path, retry_timeout=0.0) as site:
        plan_id = site.plan([site.volume(b"data")])
        checkpoint_id = site.protect(plan_id)
        copy = site.copy(plan_id)
        shutil.move(site.bank(TWO), tmp_path / "moved")
        with pytest.raises(exceptions.BankUnavailable):
            site.reconcile()
        target = copy["checkpoint_copies"][0]["checkpoint_copy_id"]
        assert site.checkpoint(TWO, target)["status"] == "available"
        site.protect(plan_id)
        member = _failed(site, plan_id)
        assert member["checkpoint_id"] != checkpoint_id
        assert not site.bank(TWO).exists()


def test_a_flush_that_fails_once_is_made_good(
    site: deployment.Deployment,
) -> None:
    data = random.randbytes(200_000)
    volume = site.volume(data)
    plan_id = site.plan([volume])
    puts: list[str] = []
    lost: list[str] = []

    def before(call: str, key: str) -> None:
        if call == "put" and "/data_" in key:
            puts.append(key)
        if call == "flush" and puts and not lost:
            lost.append(key)
            raise exceptions.BankUnavailable(reason="connection timed out")

    site.scripts[ONE].before = before
    checkpoint_id = site.protect(plan_id)
    assert sorted(puts) == sorted(2 * sorted(set(puts)))
    puts.clear()
    lost.clear()
    site.scripts[TWO].before = before
    (member,) = site.copy(plan_id)["checkpoint_copies"]
    assert member["status"] == "finished"
    assert lost
    assert sorted(puts) == sorted(2 * sorted(set(puts)))
    assert member["bytes_copied"] == member["bytes_total"]
    assert site.verify(ONE, checkpoint_id)["status"] == "success"
    restore = site.restore(TWO, member["checkpoint_copy_id"])
    assert site.restored(restore, volume).read_bytes() == data


def test_a_bank_that_is_down_holds_up_no_other(
    site: deployment.Deployment,
) -> None:
    """Its operation takes all its threads; a verify elsewhere goes on."""
    volumes = [site.volume(random.randbytes(800_000)) for _ in range(12)]
    plan_id = site.plan(volumes)
    checkpoint_id = site.protect(plan_id)
    down = threading.Semaphore(0)
    waiting = threading.Semaphore(0)

    def before(call: str, key: str) -> None:
        if call == "put" and "/data_" in key:
            waiting.release()
            assert down.acquire(timeout=deployment.TIMEOUT)
            down.release()

    site.scripts[TWO].before = before
    copy_id = site.request_copy(plan_id)
    for _ in range(4):
        assert waiting.acquire(timeout=deployment.TIMEOUT)
    assert site.verify(ONE, checkpoint_id)["status"] == "success"
    assert site.get(f"copies/{copy_id}")["status"] == "copying"
    down.release()
    assert site.wait_copy(copy_id)["status"] == "finished"


def test_a_commit_that_fails_tells_why_and_is_rolled_forward(
    site: deployment.Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the point of no return it ends well, whatever it takes."""
    monkeypatch.setattr(ending, "growing_delay", lambda _attempts: 0.5)
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    told: list[str | None] = []

    def refuse(call: str, key: str) -> None:
        if call != "put" or not key.endswith("/index.json"):
            return
        if len(told) < 2:
            told.append(_copy_log().error_info)
            raise exceptions.BankRejected(reason="the disk is full")

    site.scripts[TWO].before = refuse
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    # Seen by the second try: what the first one has left in the log.
    assert told == [None, "Bank rejected the request: the disk is full"]
    assert _copy_log().error_info is None


@engine.reader
def _copy_log(session: orm.Session) -> models.OperationLog:
    row = session.scalars(
        sa.select(models.OperationLog).where(
            models.OperationLog.operation_type == status.OperationType.COPY
        )
    ).one()
    session.expunge(row)
    return row
