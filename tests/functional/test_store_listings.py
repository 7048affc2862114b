# SPDX-License-Identifier: Apache-2.0
"""Listings of Swift and S3 in pages, and of what is no bank's object."""

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import object_store
from karbor_copy.banks import s3
from karbor_copy.banks import swift
from tests.contract import banks
from tests.fakes import fault_proxy
from tests.fixtures import object_stores
from tests.fixtures import servers

KEYS = [f"{a}/{b}/{c}" for a in "xyz" for b in "kl" for c in "123"]


@pytest.fixture(scope="module", params=["swift", "s3"])
def bank(request: pytest.FixtureRequest) -> base.Bank:
    found: base.Bank = (
        object_stores.swift_bank()
        if request.param == "swift"
        else object_stores.s3_bank()
    )
    found.set_up()
    for key in KEYS:
        banks.put(found, key, b"data")
    strange(found, "/a//b")
    strange(found, "no slash")
    return found


def strange(bank: base.Bank, name: str) -> None:
    """Put what no bank has put there."""
    if isinstance(bank, swift.SwiftBank):
        bank._client.request("PUT", name, body=b"x")
    else:
        assert isinstance(bank, s3.S3Bank)
        bank._client.call("put_object", Key=name, Body=b"x")


@pytest.fixture(params=[1, 4, 9])
def page(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> int:
    monkeypatch.setattr(object_store, "PAGE", request.param)
    return int(request.param)


def test_pages_give_the_whole(bank: base.Bank, page: int) -> None:
    assert banks.names(bank) == KEYS
    assert banks.names(bank, prefix="y/") == KEYS[6:12]
    assert banks.names(bank, marker="y/k/2", limit=7) == KEYS[8:15]


def test_pages_of_rolled_up_keys(bank: base.Bank, page: int) -> None:
    assert banks.names(bank, delimiter="/") == ["a/", "x/", "y/", "z/"]
    assert banks.names(bank, prefix="x/", delimiter="/") == ["x/k/", "x/l/"]
    after = banks.names(bank, delimiter="/", marker="x/")
    assert after == ["y/", "z/"]


@pytest.mark.parametrize("kind", ["swift", "s3"])
def test_a_listing_without_an_end(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "PAGE", 1)
    with fault_proxy.proxying(servers.shared_url("swift")) as proxy:
        found: base.Bank = (
            object_stores.swift_bank(swift_auth_url=f"{proxy.url}/auth/v1.0")
            if kind == "swift"
            else object_stores.s3_bank(s3_endpoint=proxy.url)
        )
        found.set_up()
        for key in KEYS[:3]:
            banks.put(found, key, b"")
        assert banks.names(found) == KEYS[:3]
        (_, path) = proxy.requests[-3]
        answer = proxy.last("GET", path)
        proxy.add(
            fault_proxy.Fault(
                method="GET", times=fault_proxy.FOREVER, answer=answer
            )
        )
        with pytest.raises(exceptions.BankUnavailable, match="not go on"):
            banks.names(found)
