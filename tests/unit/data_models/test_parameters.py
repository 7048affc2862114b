# SPDX-License-Identifier: Apache-2.0
"""Keys of parameters, and which of them apply to a resource."""

import pytest

from karbor_copy.data_models import parameters

ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
FORMS = (ID, ID.upper(), ID.replace("-", ""))


@pytest.mark.parametrize("form", FORMS)
def test_split_key(form: str) -> None:
    assert parameters.split_key("OS::Nova::Server") == (
        "OS::Nova::Server",
        None,
    )
    assert parameters.split_key(f"T#{form}") == ("T", ID)


@pytest.mark.parametrize(
    "key",
    ["T#", "T#nope", f"T#{ID}#x", f"T#{{{ID}}}", f"T#urn:uuid:{ID}"],
)
def test_what_is_no_uuid_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no UUID"):
        parameters.split_key(key)
    with pytest.raises(ValueError, match="T#.*: .*no UUID"):
        parameters.canonical({key: {}})


@pytest.mark.parametrize("form", FORMS)
def test_a_key_has_one_form(form: str) -> None:
    given = parameters.canonical({"T": None, f"T#{form}": {"a": 1}})
    assert given == {"T": {}, f"T#{ID}": {"a": 1}}


def test_two_keys_that_say_the_same() -> None:
    with pytest.raises(ValueError, match=f"'T#{ID}' is given twice"):
        parameters.canonical({f"T#{ID}": {}, f"T#{ID.upper()}": {}})


def test_the_more_specific_wins() -> None:
    given = {"T": {"a": 1, "b": 1}, f"T#{ID}": {"b": 2}, "U": {"c": 3}}
    for form in FORMS:
        assert parameters.for_resource(given, "T", form) == {"a": 1, "b": 2}
    assert parameters.for_resource(given, "T", "other") == {"a": 1, "b": 1}
    assert parameters.for_resource({"T": None}, "T", ID) == {}
