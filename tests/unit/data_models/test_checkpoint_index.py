# SPDX-License-Identifier: Apache-2.0
import json

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import status

ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"

#: As Karbor writes it.
KARBORS = {
    "version": "0.9",
    "id": ID,
    "status": "available",
    "owner_id": "36aaf4c0-3d5b-4a7e-a1f5-fd5c1d4a2bb6",
    "provider_id": "cf56bd3e-97a7-4078-b6d5-f36246333fd9",
    "project_id": "e486a2f49695423ca9c47e589b948108",
    "protection_plan": {
        "id": "3523a271-68aa-42f5-b9ba-56e5200a2ebb",
        "name": "plan",
        "provider_id": "cf56bd3e-97a7-4078-b6d5-f36246333fd9",
        "resources": [{"id": "v", "type": "OS::Cinder::Volume", "name": ""}],
    },
    "extra_info": '{"created_by": "manual"}',
    "created_at": "2019-03-01",
    "timestamp": 1551398400,
    "resource_graph": "[{}, []]",
}


def read(**changes):
    value = {**KARBORS, **changes}
    return checkpoint_index.from_json(json.dumps(value).encode(), ID)


def test_reads_karbors():
    index = read()
    assert index.status is status.CheckpointStatus.AVAILABLE
    assert index.plan_id == KARBORS["protection_plan"]["id"]
    assert index.extra_info == {"created_by": "manual"}
    assert index.manifest_sha256 is None
    assert index.copied_from is None


def test_writes_what_karbor_reads():
    index = read(manifest_sha256="a" * 64)
    value = json.loads(index.to_json())
    assert value == {**KARBORS, "manifest_sha256": "a" * 64}
    assert checkpoint_index.from_json(index.to_json(), ID) == index


def test_bytes_do_not_depend_on_the_order_of_values():
    plan = dict(reversed(KARBORS["protection_plan"].items()))
    assert read(protection_plan=plan).to_json() == read().to_json()


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        (None, {}),
        ("", {}),
        ("null", {}),
        ("{}", {}),
        ({}, {}),
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
    ],
)
def test_extra_info_in_all_of_karbors_shapes(raw, parsed):
    assert read(extra_info=raw).extra_info == parsed


def test_a_copy_tells_where_it_comes_from():
    origin = {"provider_id": "p", "checkpoint_id": "c"}
    index = read(extra_info={"copied_from": origin, "copy_status": "finished"})
    assert index.copied_from == checkpoint.CopiedFrom(
        provider_id="p", checkpoint_id="c"
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"copied_from": "x", "copy_status": "y"},
        {"copied_from": {"provider_id": 1}, "copy_status": ["finished"]},
    ],
)
def test_a_strange_origin_is_none(extra):
    index = read(extra_info=extra)
    assert index.copied_from is None


def test_optional_values():
    index = read(owner_id=None, resource_graph=None)
    assert index.owner_id == ""
    assert "resource_graph" not in json.loads(index.to_json())


HOSTILE = {
    "empty": b"",
    "no json": b"{",
    "no utf-8": b"\xff\xfe\xff",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "a deep value": b'{"a": ' + b"[" * 100_000,
    "a long number": b'{"version": "0.9", "timestamp": ' + b"9" * 9999 + b"}",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes(data):
    with pytest.raises(exceptions.InvalidCheckpoint):
        checkpoint_index.from_json(data, ID)


def test_too_large(monkeypatch):
    monkeypatch.setattr(checkpoint_index, "MAX_SIZE", 10)
    with pytest.raises(exceptions.InvalidCheckpoint, match="larger"):
        read()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "1.0"},
        {"version": 0.9},
        {"id": "another"},
        {"status": "bogus"},
        {"status": 1},
        {"status": None},
        {"project_id": None},
        {"project_id": "a\ud800"},
        {"project_id": "a\0b"},
        {"provider_id": 5},
        {"protection_plan": None},
        {"protection_plan": []},
        {"protection_plan": {}},
        {"protection_plan": {"id": 1}},
        {"protection_plan": {"id": "x", "name": 1}},
        {"protection_plan": {"id": "x", "resources": "all"}},
        {"protection_plan": {"id": "x", "resources": ["all"]}},
        {"extra_info": "{"},
        {"extra_info": "[]"},
        {"extra_info": '{"a": "\\ud800"}'},
        {"extra_info": '{"a": "\\u0000"}'},
        {"extra_info": 7},
        {"extra_info": {"a": float("nan")}},
        {"created_at": "2019-3-1"},
        {"created_at": "2019-02-30"},
        {"created_at": "20190301"},
        {"created_at": "٢٠١٩-٠٣-٠١"},
        {"timestamp": "1"},
        {"timestamp": True},
        {"timestamp": -1},
        {"timestamp": 1.5},
        {"timestamp": 10**15},
        {"resource_graph": {}},
        {"manifest_sha256": "A" * 64},
        {"manifest_sha256": "a" * 63},
        {"manifest_sha256": 1},
    ],
    ids=repr,
)
def test_hostile_values(changes):
    with pytest.raises(exceptions.InvalidCheckpoint):
        read(**changes)


values = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@hypothesis.given(
    strategies.dictionaries(
        strategies.sampled_from(sorted(KARBORS)), values, max_size=3
    )
)
def test_reads_or_refuses_and_never_breaks(changes):
    try:
        index = read(**changes)
    except exceptions.InvalidCheckpoint:
        return
    assert checkpoint_index.from_json(index.to_json(), ID) == index
