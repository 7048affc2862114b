# SPDX-License-Identifier: Apache-2.0
"""The pieces of schemas, and how a breach is told."""

from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.api import schemas
from karbor_copy.api.schemas import common

VALIDATOR = schemas.Validator(
    common.obj(
        {
            "name": common.NAME,
            "id": common.UUID,
            "parameters": common.PARAMETERS,
            "resources": common.RESOURCES,
        }
    )
)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "n" * 255},
        {"name": "Größe, naïve"},
        {"id": "3523A271-68AA-42F5-B9BA-56E5200A2EBB"},
        {"id": "3523a27168aa42f5b9ba56e5200a2ebb"},
        {"parameters": {}},
        {"parameters": {"OS::A::B#3f8af6c6": {"a-b": True, "c": 1.5}}},
        {"parameters": {"OS::A::B": None}},
        {"resources": [{"id": "a@b.c_d-e", "type": "T", "name": ""}]},
        {
            "resources": [
                {"id": "a", "type": "T", "name": "n", "extra_info": {"a": []}}
            ]
        },
    ],
)
def test_good(body: Any) -> None:
    VALIDATOR.validate(body)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (1, "1 is not of type 'object'"),
        ({"zzz": 1}, "'zzz' was unexpected"),
        ({"name": ""}, "attribute name"),
        ({"name": "\u200b\n"}, "attribute name"),
        ({"id": "{3523a271-68aa-42f5-b9ba-56e5200a2ebb}"}, "attribute id"),
        ({"parameters": {"a/b": {}}}, "attribute parameters"),
        ({"parameters": {"a\n": {}}}, "attribute parameters"),
        ({"parameters": {"a": {"b": []}}}, "attribute parameters.a.b"),
        ({"parameters": {"a": {"b": None}}}, "attribute parameters.a.b"),
        ({"resources": []}, "attribute resources"),
        (
            {"resources": [{"id": ".", "type": "T", "name": ""}]},
            "attribute resources.0.id",
        ),
        (
            {"resources": [{"id": "a", "type": "", "name": ""}]},
            "attribute resources.0.type",
        ),
    ],
)
def test_bad(body: Any, named: str) -> None:
    with pytest.raises(exceptions.Invalid) as caught:
        VALIDATOR.validate(body)
    assert named in str(caught.value)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(exceptions.Invalid) as caught:
        VALIDATOR.validate({"name": "n" * 60000})
    assert len(str(caught.value)) < 300
    assert "too long" in str(caught.value)
