# SPDX-License-Identifier: Apache-2.0
"""The pieces of schemas, and how a breach is told."""

from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.api import schemas
from karbor_copy.api.schemas import checkpoints
from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import copies
from karbor_copy.api.schemas import plans
from karbor_copy.api.schemas import restores
from karbor_copy.api.schemas import services

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
    assert str(caught.value) == (
        "Invalid input for field/attribute name. The text has more than 255"
        " characters."
    )


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        (copies.ACTION, {}, "The object has fewer than 1 properties."),
        (
            copies.ACTION,
            {"cancel": None, "retry": None},
            "The object has more than 1 properties.",
        ),
        (
            checkpoints.RESET,
            {"os-resetState": {"state": "gone"}},
            "Invalid input for field/attribute os-resetState.state. 'gone' is"
            " not one of ['available', 'error']",
        ),
        (
            plans.UPDATE,
            {"plan": {"status": "gone"}},
            "Invalid input for field/attribute plan.status. 'gone' is not one"
            " of ['suspended', 'started']",
        ),
    ],
)
def test_what_is_told_is_json_and_no_more(
    schema: Any, body: Any, message: str
) -> None:
    with pytest.raises(exceptions.Invalid) as caught:
        schemas.Validator(schema).validate(body)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        (
            plans.UPDATE,
            {"plan": {}},
            "field/attribute plan. Missing updated parameters in request"
            " body.",
        ),
        (
            restores.CREATE,
            {
                "restore": {
                    "provider_id": "3523a271-68aa-42f5-b9ba-56e5200a2ebb",
                    "checkpoint_id": "3523a271-68aa-42f5-b9ba-56e5200a2ebb",
                    "parameters": {},
                    "restore_auth": {"password": "hunter2"},
                }
            },
            "field/attribute restore.restore_auth. Restoring to another cloud"
            " is not served; leave it out.",
        ),
        (
            services.UPDATE,
            {"status": "enabled", "disabled_reason": "x"},
            "field/attribute disabled_reason. It can't be given with status"
            " enabled.",
        ),
    ],
)
def test_a_message_of_the_schema(schema: Any, body: Any, message: str) -> None:
    with pytest.raises(exceptions.Invalid) as caught:
        schemas.Validator(schema).validate(body)
    assert str(caught.value) == f"Invalid input for {message}"


def test_a_reason_is_taken_with_disabled() -> None:
    validator = schemas.Validator(services.UPDATE)
    validator.validate({"status": "disabled", "disabled_reason": "x"})
    validator.validate({"status": "enabled", "disabled_reason": None})
