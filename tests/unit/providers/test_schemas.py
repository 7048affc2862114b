# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.providers.schemas."""

from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.providers import schemas

SCHEMA = {
    "type": "object",
    "properties": {
        "restore_name": {"type": "string", "maxLength": 5},
        "force": {"type": "boolean"},
    },
    "required": ["restore_name"],
}


@pytest.mark.parametrize(
    "properties", [{}, {"force": True}, {"restore_name": "short"}]
)
def test_right_properties_pass(properties: dict[str, Any]) -> None:
    schemas.check("Type", properties, SCHEMA)


def test_an_empty_schema_accepts_anything() -> None:
    schemas.check("Type", {"whatever": [1]}, {})


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"label": "x"}, "'Type': unknown property 'label'"),
        ({"force": "yes"}, "'Type': force: 'yes' is not of type 'boolean'"),
        ({"restore_name": "too long"}, "restore_name: 'too long' is too long"),
        ({"restore_name": None}, "restore_name: None is not of type"),
    ],
)
def test_wrong_properties_are_named(
    properties: dict[str, Any], words: str
) -> None:
    with pytest.raises(exceptions.Invalid, match=words):
        schemas.check("Type", properties, SCHEMA)


def test_a_fault_of_the_whole_is_one_of_the_properties() -> None:
    schema = {**SCHEMA, "maxProperties": 1}
    with pytest.raises(exceptions.Invalid, match="'Type': properties: "):
        schemas.check("Type", {"force": True, "restore_name": "x"}, schema)


def test_a_schema_without_properties_accepts_none() -> None:
    with pytest.raises(exceptions.Invalid, match="unknown property 'x'"):
        schemas.check("Type", {"x": 1}, {"type": "object"})
