# SPDX-License-Identifier: Apache-2.0
"""The main job over two real object stores, one a region."""

import json
import pathlib
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy.banks import patience
from karbor_copy.banks import s3
from karbor_copy.banks import swift
from tests.fakes import fault_proxy
from tests.fakes.fault_proxy import Answer
from tests.fakes.fault_proxy import Fault
from tests.fixtures import deployment
from tests.fixtures import karbor_bank
from tests.fixtures import object_stores
from tests.fixtures import raw_swift
from tests.fixtures import servers

SERVERS = {"region-one": "swift", "region-two": "swift-two"}


@pytest.fixture(params=["swift", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def proxy() -> Iterator[fault_proxy.Proxy]:
    """Stand before region two."""
    with fault_proxy.proxying(servers.shared_url("swift-two")) as found:
        yield found


@pytest.fixture
def site(
    tmp_path: pathlib.Path, kind: str, proxy: fault_proxy.Proxy
) -> Iterator[deployment.Deployment]:
    def bank_of(_path: pathlib.Path, region: str) -> tuple[str, str]:
        url = proxy.url
        if region == "region-one":
            url = servers.shared_url(SERVERS[region])
        return object_stores.described(kind, url, region)

    with deployment.deployed(tmp_path, bank_of=bank_of) as running:
        yield running


def driver(site: deployment.Deployment, provider_id: str) -> Any:
    """Return the bank behind the script."""
    bank: Any = site.registry.get(provider_id).make_bank()
    return bank._bank


def container(site: deployment.Deployment, provider_id: str) -> str:
    return str(driver(site, provider_id).location).rpartition("/")[2]


def wipe(site: deployment.Deployment, provider_id: str) -> None:
    """Delete a bank, container and all."""
    bank = driver(site, provider_id)
    for info in bank.list():
        bank.delete(info.key)
    if isinstance(bank, swift.SwiftBank):
        assert bank._client.request("DELETE").status_code == 204
    else:
        assert isinstance(bank, s3.S3Bank)
        bank._client.call("delete_bucket")


def upload(path: pathlib.Path, server: str, container: str) -> None:
    """Put the files of a Karbor's bank where its Swift bank has them."""
    for file in path.rglob("*"):
        if file.is_file():
            json_name = file.name in ("index.json", "metadata")
            raw_swift.request(
                server,
                f"{container}//{file.relative_to(path)}",
                file.read_bytes(),
                "PUT",
                **{"X-Object-Meta-Serialized": str(json_name)},
            )


def download(path: pathlib.Path, server: str, container: str) -> None:
    """Get all objects of a container as files."""
    listed = raw_swift.request(server, f"{container}?format=json")
    for entry in json.loads(listed):
        file = path / entry["name"].lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        data = raw_swift.request(server, f"{container}/{entry['name']}")
        file.write_bytes(data)


def volumes(site: deployment.Deployment) -> list[deployment.Json]:
    chunk = random.randbytes(deployment.CHUNK)
    hole = bytes(deployment.CHUNK)
    return [
        site.volume(b"x", "one byte"),
        site.volume(chunk + hole + chunk + b"end", "holes"),
    ]


def originals(
    site: deployment.Deployment, made: list[deployment.Json]
) -> dict[str, str]:
    return {
        item["id"]: deployment.sha256(site.volumes / f"volume-{item['id']}")
        for item in made
    }


def restores(
    site: deployment.Deployment,
    checkpoint_id: str,
    made: list[deployment.Json],
    digests: dict[str, str],
) -> None:
    """Lose the volumes and see that they come back from region two."""
    for path in site.volumes.iterdir():
        path.unlink()
    assert site.verify(deployment.TWO, checkpoint_id)["status"] == "success"
    restore = site.restore(deployment.TWO, checkpoint_id)
    assert restore["status"] == "success", restore
    for item in made:
        path = site.restored(restore, item)
        assert deployment.sha256(path) == digests[item["id"]]


def test_the_copy_survives_the_main_region(
    site: deployment.Deployment,
) -> None:
    made = volumes(site)
    digests = originals(site, made)
    plan_id = site.plan(made)
    site.protect(plan_id)
    copied = site.copy(plan_id)
    (member,) = copied["checkpoint_copies"]
    assert member["status"] == "finished", member
    place = container(site, deployment.TWO)
    listed = json.loads(raw_swift.request("swift-two", f"{place}?format=json"))
    target = member["checkpoint_copy_id"]
    names = {entry["name"] for entry in listed}
    assert f"/checkpoints/{target}/index.json" in names
    assert all(name.startswith(("/checkpoints/", "/ind")) for name in names)
    assert site.copy(plan_id)["checkpoint_copies"] == []
    wipe(site, deployment.ONE)
    restores(site, target, made, digests)


def test_the_copy_is_right_whatever_the_server_does(
    site: deployment.Deployment,
    proxy: fault_proxy.Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    made = volumes(site)
    digests = originals(site, made)
    plan_id = site.plan(made)
    site.protect(plan_id)
    faults = [
        Fault(method="PUT", part="data_", lie=True),
        Fault(method="PUT", part="data_", request_flip=99),
        Fault(method="PUT", part="metadata", lost=True),
        Fault(method="PUT", part="manifest", request_reset=10),
        Fault(method="PUT", part="index.json", lost=True),
        Fault(method="GET", part="data_", flip=7),
        Fault(method="GET", part="data_", truncate=9),
        Fault(method="GET", part="prefix", times=2, answer=Answer(503)),
        Fault(method="PUT", part="indices", answer=Answer(429)),
    ]
    for fault in faults:
        proxy.add(fault)
    (member,) = site.copy(plan_id)["checkpoint_copies"]
    assert member["status"] == "finished", member
    assert not [fault for fault in faults if fault.times]
    proxy.faults.clear()
    restores(site, member["checkpoint_copy_id"], made, digests)


def test_a_full_region_is_an_error_with_its_reason(
    site: deployment.Deployment, proxy: fault_proxy.Proxy
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    full = Fault(method="PUT", times=fault_proxy.FOREVER, answer=Answer(507))
    proxy.add(full)
    copied = site.copy(plan_id)
    assert copied["status"] == "error"
    (member,) = copied["checkpoint_copies"]
    assert "507" in member["error_info"]
    proxy.faults.clear()
    assert site.copy(plan_id)["status"] == "finished"


def test_a_karbors_swift_bank_is_read_and_written(
    tmp_path: pathlib.Path,
) -> None:
    def bank_of(_path: pathlib.Path, region: str) -> tuple[str, str]:
        url = servers.shared_url(SERVERS[region])
        return object_stores.described("swift", url, region)

    disk, data = str(uuid.uuid4()), random.randbytes(1000)
    plan = {
        "id": str(uuid.uuid4()),
        "name": "nightly",
        "provider_id": deployment.ONE,
        "resources": [{"id": disk, "type": deployment.VOLUME, "name": "d"}],
    }
    karbors = karbor_bank.KarborBank(
        tmp_path / "karbor", deployment.ONE, deployment.PROJECT
    )
    checkpoint_id = karbors.checkpoint(
        plan,
        nodes=[(deployment.VOLUME, disk, "d", ())],
        data={disk: karbor_bank.chunked(data, 300, volume_id=disk)},
    )
    with deployment.deployed(
        tmp_path, (deployment.NOOP,), bank_of, working=False
    ) as site:
        upload(karbors.root, "swift", container(site, deployment.ONE))
        site.reconcile()
        site.work()
        (member,) = site.copy(plan["id"])["checkpoint_copies"]
        assert member["checkpoint_id"] == checkpoint_id
        assert member["status"] == "finished", member
        target = tmp_path / "target"
        download(target, "swift-two", container(site, deployment.TWO))
    copied = karbor_bank.KarborBank(target, deployment.TWO, deployment.PROJECT)
    copy_id = member["checkpoint_copy_id"]
    assert copied.list_by_plan(plan["id"]) == [copy_id]
    assert copied.restore_chunks(copy_id, disk) == data
