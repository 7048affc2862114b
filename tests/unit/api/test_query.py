# SPDX-License-Identifier: Apache-2.0
"""Queries are read whole or refused by name."""

import dataclasses
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import query
from karbor_copy.data_models import page as page_model

LISTING = query.Listing(
    filters=("name", "status", "plan_id"),
    others=("start_date", "other_id"),
    sort_keys=("name", "status", "created_at"),
)
ID = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
AS_WRITTEN = ID.replace("-", "").upper()


@dataclasses.dataclass(frozen=True)
class Thing:
    """An item of a list that is in no table."""

    id: str
    name: str = ""


def read(
    *pairs: tuple[str, str],
    admin: bool = False,
    listing: query.Listing = LISTING,
) -> query.Query:
    context = request_context.RequestContext(user_id="u", project_id="p1")
    context.is_admin = admin
    this = call.Call(
        context=context, root="http://x", url="http://x/things", query=pairs
    )
    query.check(pairs, listing.names)
    return query.read(this, listing, 10)


def test_nothing_asked() -> None:
    asked = read()
    assert asked == query.Query(
        limit=10, page=page_model.Page(limit=11), project_id="p1", others={}
    )


def test_everything_asked() -> None:
    asked = read(
        ("limit", "5"),
        ("marker", AS_WRITTEN),
        ("offset", "2"),
        ("sort", "name:asc,status"),
        ("name", "n"),
        ("plan_id", AS_WRITTEN),
        ("start_date", "d"),
        ("other_id", AS_WRITTEN),
    )
    assert asked.others == {"start_date": "d", "other_id": ID}
    assert asked.page == page_model.Page(
        limit=6,
        marker=ID,
        offset=2,
        sort=(("name", "asc"), ("status", "desc")),
        filters={"name": "n", "plan_id": ID},
    )


def test_more_than_there_can_be_is_lowered() -> None:
    for text in ("11", "9" * 19, "1" * 5000):
        assert read(("limit", text)).limit == 10
    assert read(("limit", "0" * 5000 + "5")).limit == 5


def test_ids_of_any_form() -> None:
    listing = query.Listing(filters=("id",), free=("id", "marker"))
    asked = read(("id", "A B"), ("marker", "A"), listing=listing)
    assert asked.page.filters == {"id": "A B"}
    assert asked.page.marker == "A"


def test_only_some_lists_are_of_all_projects() -> None:
    listing = query.Listing(filters=(), scoped=False)
    with pytest.raises(exceptions.Invalid, match="all_tenants"):
        read(("all_tenants", "1"), listing=listing)


def test_the_order_that_a_list_has_by_itself() -> None:
    listing = query.Listing(
        filters=(), sort_keys=("id",), default_sort=(("id", "asc"),)
    )
    assert read(listing=listing).page.sort == (("id", "asc"),)
    asked = read(("sort_dir", "desc"), listing=listing)
    assert asked.page.sort == (("id", "desc"),)


@pytest.mark.parametrize(
    ("pairs", "sort"),
    [
        ([("sort", "name")], [("name", "desc")]),
        ([("sort", "name:asc")], [("name", "asc")]),
        (
            [("sort", " name : asc , status")],
            [("name", "asc"), ("status", "desc")],
        ),
        ([("sort_key", "name")], [("name", "desc")]),
        ([("sort_dir", "asc")], [("created_at", "asc")]),
        (
            [
                ("sort_key", "name"),
                ("sort_dir", "asc"),
                ("sort_key", "status"),
            ],
            [("name", "asc"), ("status", "desc")],
        ),
    ],
)
def test_order(
    pairs: list[tuple[str, str]], sort: list[tuple[str, str]]
) -> None:
    assert list(read(*pairs).page.sort) == sort


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("zzz", "1")], "zzz"),
        ([("name", "a"), ("name", "b")], "name"),
        ([("limit", "1"), ("limit", "2")], "limit"),
        ([("limit", "")], "limit param must be an integer"),
        ([("limit", "1.5")], "limit param must be an integer"),
        ([("limit", "\u0661")], "limit param must be an integer"),
        ([("limit", "-" + "1" * 5000)], "limit param must be positive"),
        ([("offset", "1" * 5000)], "offset param is too large"),
        ([("limit", "0")], "limit param must be positive"),
        ([("limit", "-1")], "limit param must be positive"),
        ([("offset", "-1")], "offset param must not be negative"),
        ([("offset", str(2**31))], "offset"),
        ([("marker", "m")], "marker 'm' is no UUID"),
        ([("plan_id", f"{{{ID}}}")], "plan_id .* is no UUID"),
        ([("other_id", "")], "other_id '' is no UUID"),
        ([("sort", "name"), ("sort_dir", "asc")], "sort"),
        ([("sort", "name:up")], "up"),
        ([("sort", "name,name")], "given twice"),
        (
            [("sort_key", "zzz")],
            "Unknown sort key 'zzz', use name, status, created_at.",
        ),
        ([("sort", "")], "sort key ''"),
        ([("sort", ":asc")], "sort key ''"),
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
        page = page_model.Page(
            limit=limit, marker=marker, sort=(("id", "desc"),)
        )
        found = query.select([Thing(item) for item in items], page)
        if not found:
            break
        seen += [item.id for item in found]
        marker = seen[-1]
    assert seen == sorted(items, reverse=True)


def select(**page: Any) -> str:
    """Return the ids of a page of three things."""
    things = [Thing("a", "x"), Thing("b", "y"), Thing("c", "x")]
    found = query.select(things, page_model.Page(**page))
    return "".join(item.id for item in found)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ({"sort": (("name", "asc"),)}, "acb"),
        ({"sort": (("name", "desc"),)}, "bca"),
        ({"sort": (("name", "desc"), ("id", "asc"))}, "bac"),
        ({"sort": (("name", "asc"),), "marker": "c"}, "b"),
        ({"sort": (("id", "asc"),), "marker": "a", "offset": 1}, "c"),
        ({"sort": (("id", "asc"),), "filters": {"name": "x"}}, "ac"),
    ],
)
def test_what_is_in_no_table(page: dict[str, Any], found: str) -> None:
    assert select(**page) == found


def test_an_unknown_marker() -> None:
    with pytest.raises(exceptions.UnknownMarker, match="'z'"):
        select(sort=(("id", "asc"),), marker="z")
