# SPDX-License-Identifier: Apache-2.0
"""Queries are read whole or refused by name."""

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import query
from karbor_copy.data_models import page as page_model


def read(*pairs: tuple[str, str], admin: bool = False) -> query.Query:
    context = request_context.RequestContext(user_id="u", project_id="p1")
    context.is_admin = admin
    this = call.Call(context=context, url="http://x/things", query=pairs)
    return query.read(this, ("name", "status", "start_date"), 10)


def test_nothing_asked() -> None:
    asked = read()
    assert asked == query.Query(
        limit=10,
        marker=None,
        offset=0,
        sort=(("created_at", "desc"),),
        project_id="p1",
        values={},
    )
    assert asked.page(("name",)).limit == 11


def test_everything_asked() -> None:
    asked = read(
        ("limit", "5"),
        ("marker", "m"),
        ("offset", "2"),
        ("sort", "name:asc,status"),
        ("name", "n"),
        ("start_date", "d"),
    )
    assert asked.values == {"name": "n", "start_date": "d"}
    assert asked.page(("name", "status")) == page_model.Page(
        limit=6,
        marker="m",
        offset=2,
        sort=(("name", "asc"), ("status", "desc")),
        filters={"name": "n"},
    )


@pytest.mark.parametrize(
    ("pairs", "sort"),
    [
        ([("sort", "a")], [("a", "desc")]),
        ([("sort", "a:asc")], [("a", "asc")]),
        ([("sort", " a : asc , b")], [("a", "asc"), ("b", "desc")]),
        ([("sort_key", "a")], [("a", "desc")]),
        ([("sort_dir", "asc")], [("created_at", "asc")]),
        (
            [("sort_key", "a"), ("sort_dir", "asc"), ("sort_key", "b")],
            [("a", "asc"), ("b", "desc")],
        ),
    ],
)
def test_order(
    pairs: list[tuple[str, str]], sort: list[tuple[str, str]]
) -> None:
    assert list(read(*pairs).sort) == sort


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("zzz", "1")], "zzz"),
        ([("name", "a"), ("name", "b")], "name"),
        ([("limit", "1"), ("limit", "2")], "limit"),
        ([("limit", "")], "limit param must be an integer"),
        ([("limit", "1.5")], "limit param must be an integer"),
        ([("limit", "\u0661")], "limit param must be an integer"),
        ([("limit", "1" * 5000)], "limit param must be an integer"),
        ([("limit", "0")], "limit param must be positive"),
        ([("limit", "-1")], "limit param must be positive"),
        ([("offset", "-1")], "offset param must not be negative"),
        ([("offset", str(2**31))], "offset"),
        ([("sort", "a"), ("sort_dir", "asc")], "sort"),
        ([("sort", "a:up")], "up"),
        ([("sort", "a,a")], "given twice"),
        ([("sort", "")], "empty"),
        ([("sort", ":asc")], "empty"),
        ([("sort_dir", "asc"), ("sort_dir", "asc")], "sort_dir"),
        ([("all_tenants", "perhaps")], "all_tenants"),
    ],
)
def test_refused(pairs: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(exceptions.Invalid, match=named):
        read(*pairs)


@pytest.mark.parametrize(
    ("pairs", "admin", "project"),
    [
        ([], True, "p1"),
        ([("project_id", "p2")], True, "p1"),
        ([("all_tenants", "no"), ("project_id", "p2")], True, "p1"),
        ([("all_tenants", "yes")], True, None),
        ([("all_tenants", "1"), ("project_id", "p2")], True, "p2"),
        ([("all_tenants", "true")], False, "p1"),
        ([("all_tenants", "true"), ("project_id", "p2")], False, "p1"),
    ],
)
def test_whose(
    pairs: list[tuple[str, str]], admin: Any, project: str | None
) -> None:
    assert read(*pairs, admin=admin).project_id == project


@hypothesis.given(
    strategies.lists(strategies.text("abc", min_size=1), unique=True),
    strategies.integers(1, 4),
)
def test_pages_of_a_sequence_are_the_sequence(
    items: list[str], limit: int
) -> None:
    seen: list[str] = []
    marker = None
    while True:
        page = page_model.Page(limit=limit, marker=marker)
        found = query.slice_sequence(items, page, str)
        if not found:
            break
        seen += found
        marker = found[-1]
    assert seen == items


def test_an_offset_goes_on_from_the_marker() -> None:
    page = page_model.Page(limit=2, marker="a", offset=1)
    assert query.slice_sequence("abcde", page, str) == "cd"
