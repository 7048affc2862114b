# SPDX-License-Identifier: Apache-2.0
"""Keys of parameters, and which of them apply to a resource."""

import pytest

from karbor_copy.data_models import parameters

ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"


def test_split_key() -> None:
    assert parameters.split_key("OS::Nova::Server") == (
        "OS::Nova::Server",
        None,
    )
    assert parameters.split_key(f"T#{ID}") == ("T", ID)


@pytest.mark.parametrize("key", ["T#", "T#nope", f"T#{ID}#x"])
def test_split_key_refuses_what_is_no_uuid(key: str) -> None:
    with pytest.raises(ValueError, match="no UUID"):
        parameters.split_key(key)


def test_the_more_specific_wins() -> None:
    given = {"T": {"a": 1, "b": 1}, f"T#{ID}": {"b": 2}, "U": {"c": 3}}
    assert parameters.for_resource(given, "T", ID) == {"a": 1, "b": 2}
    assert parameters.for_resource(given, "T", "other") == {"a": 1, "b": 1}
    assert parameters.for_resource({"T": None}, "T", ID) == {}
