# SPDX-License-Identifier: Apache-2.0
"""A target to which the source's side can add, and nothing else."""

import pathlib
import random
from collections.abc import Iterator
from collections.abc import Mapping

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.db import models
from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog
from karbor_copy.protection import heartbeat
from karbor_copy.protection import scrub
from karbor_copy.providers import registry as provider_registry
from tests.fakes import fault_proxy
from tests.fakes.fault_proxy import Answer
from tests.fakes.fault_proxy import Fault
from tests.fixtures import database
from tests.fixtures import deployment
from tests.fixtures import object_stores
from tests.fixtures import servers
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

LOCAL = "target_cleanup = local\n"


def local(path: pathlib.Path, region: str) -> tuple[str, str]:
    name, groups = deployment.file_system(path, region)
    return name, LOCAL + groups if region == "region-two" else groups


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path, bank_of=local) as running:
        yield running


class RegionTwo:
    """The service of region two: a catalogue of its own, all rights."""

    def __init__(self, site: deployment.Deployment) -> None:
        self._site = site
        self._path = site.path / "two"
        self._path.mkdir()
        name = "region-two.conf"
        text = (site.path / "providers.d" / name).read_text()
        (self._path / name).write_text(text.replace(LOCAL, ""))
        registry = provider_registry.load(self._path)
        banks = bank_pool.BankPool(registry, 10.0)
        self._reconciler = catalog.Reconciler(registry, banks)

    def looks(self, times: int) -> list[tuple[int, int]]:
        """Reconcile so often; return what was added and swept each time.

        Region one is gone from then on.
        """
        self._site.stop()
        with database.sqlite(self._path):
            reports = [self._reconciler.reconcile(TWO) for _ in range(times)]
        return [(report.added, report.swept) for report in reports]


@pytest.fixture
def region_two(site: deployment.Deployment) -> RegionTwo:
    return RegionTwo(site)


def fails(site: deployment.Deployment) -> str:
    """Let a copy fail midway; return the id that it had in region two."""
    plan_id = site.plan([site.volume(random.randbytes(800_000))])
    checkpoint_id = site.protect(plan_id)
    deployment.flip(site.data(ONE, checkpoint_id)[-1])
    copied = site.copy(plan_id)
    assert copied["status"] == "error"
    site.wait_clean()
    (member,) = copied["checkpoint_copies"]
    return str(member["checkpoint_copy_id"])


def finishes(site: deployment.Deployment) -> str:
    plan_id = site.plan([site.volume(random.randbytes(100_000))])
    site.protect(plan_id)
    copied = site.copy(plan_id)
    assert copied["status"] == "finished", copied
    (member,) = copied["checkpoint_copies"]
    return str(member["checkpoint_copy_id"])


def test_what_fails_is_left_to_the_targets_own_region(
    site: deployment.Deployment, region_two: RegionTwo
) -> None:
    whole = finishes(site)
    before = site.objects(TWO, whole)
    failed = fails(site)
    assert site.data(TWO, failed)
    assert keys.abandoned_key(failed) in site.keys(TWO)
    # The source's own looks leave it alone as well.
    for _ in range(2):
        assert site.reconcile()[TWO].swept == 0
    assert site.data(TWO, failed)
    assert region_two.looks(3) == [(1, 0), (0, 1), (0, 0)]
    assert site.objects(TWO, failed) == set()
    assert site.objects(TWO, whole) == before


def test_a_mark_on_a_checkpoint_that_counts_means_nothing(
    site: deployment.Deployment, region_two: RegionTwo
) -> None:
    whole = finishes(site)
    before = site.objects(TWO, whole)
    (site.bank(TWO) / keys.abandoned_key(whole)).write_bytes(b"forged")
    assert region_two.looks(3) == [(1, 0), (0, 0), (0, 0)]
    assert before < site.objects(TWO, whole)


def test_what_was_begun_without_a_mark_is_somebodys_work(
    site: deployment.Deployment, region_two: RegionTwo
) -> None:
    failed = fails(site)
    (site.bank(TWO) / keys.abandoned_key(failed)).unlink()
    assert region_two.looks(3) == [(0, 0)] * 3
    assert site.data(TWO, failed)


def test_a_retry_copies_anew(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(random.randbytes(300_000))])
    checkpoint_id = site.protect(plan_id)
    chunk = site.data(ONE, checkpoint_id)[-1]
    deployment.flip(chunk)
    copied = site.copy(plan_id)
    assert copied["status"] == "error"
    deployment.flip(chunk)
    site.act(copied["id"], "retry")
    assert site.wait_copy(copied["id"])["status"] == "finished"


def test_what_is_there_is_not_deleted_reset_or_repaired_from_here(
    site: deployment.Deployment,
) -> None:
    whole = finishes(site)
    before = {key: _stamp(site, key) for key in site.keys(TWO)}
    url = site.url(f"providers/{TWO}/checkpoints/{whole}")
    answers = [
        site.api.delete(url, status=409),
        site.api.put_json(
            url, {"os-resetState": {"state": "error"}}, status=409
        ),
    ]
    for answer in answers:
        assert "own region" in answer.json["conflictingRequest"]["message"]
    scrubber = scrub.Scrubber(
        registry=site.registry,
        banks=bank_pool.BankPool(site.registry, 1.0),
        beat=heartbeat.Heartbeat(lease=60.0, interval=20.0),
        owner="test",
        lease=60.0,
    )
    with pytest.raises(exceptions.Conflict, match="own region"):
        next(scrubber.scrub(TWO, repair=True))
    (result,) = scrubber.scrub(TWO, repair=False)
    assert result.verdict == "good"
    after = {key: _stamp(site, key) for key in site.keys(TWO)}
    assert after == before
    deployment.flip(site.data(TWO, whole)[0])
    (result,) = scrubber.scrub(TWO, repair=False)
    assert (result.verdict, result.reason) == ("bad", scrub.NOT_HERE)
    assert deployment.rows(models.OperationLog, operation_type="scrub") == []
    assert site.checkpoint(TWO, whole)["status"] == "available"


def _stamp(site: deployment.Deployment, key: str) -> tuple[int, int]:
    told = (site.bank(TWO) / key).stat()
    return told.st_ino, told.st_mtime_ns


def refuse(method: str, path: str, headers: Mapping[str, str]) -> Fault | None:
    """Do as a server whose user may create objects, and no more."""
    part_of_an_upload = "uploadId=" in path
    creates = headers.get("If-None-Match") == "*" or part_of_an_upload
    if method == "DELETE" or (method == "PUT" and not creates):
        return Fault(answer=Answer(403))
    return None


@pytest.mark.parametrize("kind", ["swift", "s3"])
def test_credentials_that_may_only_create_are_enough(
    tmp_path: pathlib.Path, kind: str
) -> None:
    with fault_proxy.proxying(servers.shared_url("swift-two")) as proxy:

        def bank_of(path: pathlib.Path, region: str) -> tuple[str, str]:
            if region == "region-one":
                return deployment.file_system(path, region)
            name, groups = object_stores.described(kind, proxy.url, region)
            return name, LOCAL + groups

        with deployment.deployed(tmp_path, bank_of=bank_of) as site:
            refused = []

            def choose(*request: object) -> Fault | None:
                fault = refuse(*request)  # type: ignore[arg-type]
                if fault is not None:
                    refused.append(request[:2])
                return fault

            proxy.choose = choose
            whole = finishes(site)
            failed = fails(site)
            assert site.restore(TWO, whole)["status"] == "success"
            found = {
                info.key for info in site.registry.get(TWO).make_bank().list()
            }
            assert keys.abandoned_key(failed) in found
            assert refused == []
