# SPDX-License-Identifier: Apache-2.0
"""UUIDs as callers write them, and in the one form that is stored."""

import pytest

from karbor_copy.data_models import ids

ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"


@pytest.mark.parametrize("text", [ID, ID.upper(), ID.replace("-", "")])
def test_uuids(text: str) -> None:
    assert ids.is_uuid(text)
    assert ids.canonical(text) == ID


@pytest.mark.parametrize(
    "text",
    ["", "nope", f"{{{ID}}}", f"urn:uuid:{ID}", f"{ID}\n", f"{ID}0", ID[1:]],
)
def test_what_is_none(text: str) -> None:
    assert not ids.is_uuid(text)
