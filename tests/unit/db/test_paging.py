# SPDX-License-Identifier: Apache-2.0
import datetime
import random
from typing import Any

import pytest
import sqlalchemy as sa

from karbor_copy import exceptions
from karbor_copy.data_models import page as page_model
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import paging
from tests.fixtures import rows

_Log = models.OperationLog
_COLUMNS = {
    "id": _Log.id,
    "status": _Log.status,
    "created_at": _Log.created_at,
    "ended_at": _Log.ended_at,
}
_NOON = datetime.datetime(2026, 11, 22, 12)  # noqa: DTZ001


@engine.reader
def fetch(session: Any, page: Any, scope: Any = None) -> Any:
    statement = sa.select(_Log)
    if scope is not None:
        statement = statement.where(_Log.project_id == scope)
    return [
        row.id
        for row in paging.fetch(
            session,
            statement,
            page,
            sortable=_COLUMNS,
            filterable={"status": _Log.status},
        )
    ]


@engine.writer
def store(session: Any, count: Any) -> None:
    """Store logs with many equal and missing values."""
    for _ in range(count):
        log = operation_logs.new_log("protect", project_id="p")
        log["status"] = random.choice(["available", "error", "protecting"])
        log["created_at"] = _NOON + datetime.timedelta(
            microseconds=random.randrange(3)
        )
        log["ended_at"] = random.choice([None, _NOON, log["created_at"]])
        operation_logs.enqueue(session, [log])


@pytest.mark.parametrize(
    "sort",
    [
        (),
        (("id", "asc"),),
        (("id", "desc"),),
        (("created_at", "desc"),),
        (("created_at", "asc"), ("id", "desc")),
        (("ended_at", "desc"),),
        (("ended_at", "asc"), ("status", "desc")),
        (("status", "asc"), ("created_at", "desc"), ("ended_at", "asc")),
    ],
)
def test_pages_are_the_whole_list_in_pieces(sort: Any) -> None:
    store(40)
    whole = fetch(page_model.Page(sort=sort))
    assert len(set(whole)) == 40
    pieces, marker = [], None
    while piece := fetch(
        page_model.Page(sort=sort, limit=7, marker=marker), "p"
    ):
        pieces += piece
        marker = piece[-1]
    assert pieces == whole
    assert fetch(page_model.Page(sort=sort, limit=5, offset=3)) == whole[3:8]
    past = fetch(
        page_model.Page(sort=sort, limit=5, offset=3, marker=whole[9])
    )
    assert past == whole[13:18]


def test_rows_that_go_meanwhile_hide_no_others() -> None:
    store(10)
    sort = (("created_at", "desc"),)
    whole = fetch(page_model.Page(sort=sort))
    first = fetch(page_model.Page(sort=sort, limit=4))

    @engine.writer
    def delete(session: Any) -> None:
        session.execute(sa.delete(_Log).where(_Log.id == first[0]))

    delete()
    rest = fetch(page_model.Page(sort=sort, marker=first[-1]))
    assert first + rest == whole


def test_a_marker_may_cease_to_match_the_filters() -> None:
    store(30)
    page = page_model.Page(filters={"status": "error"}, limit=2)
    marker = fetch(page)[-1]
    rest = fetch(page_model.Page(filters={"status": "error"}, marker=marker))
    rows.change(_Log, marker, status="available")
    again = fetch(page_model.Page(filters={"status": "error"}, marker=marker))
    assert again == rest


def test_a_tuple_means_any_of_these() -> None:
    store(30)
    both = fetch(page_model.Page(filters={"status": ("error", "available")}))
    one = fetch(page_model.Page(filters={"status": "protecting"}))
    assert sorted(both + one) == sorted(fetch(page_model.Page()))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"marker": "nowhere"}, "'nowhere'"),
        ({"marker": "\0"}, "'marker'"),
        ({"sort": (("size", "asc"),)}, "'size'"),
        ({"sort": (("id", "up"),)}, "'up'"),
        ({"filters": {"colour": "red"}}, "'colour'"),
        ({"filters": {"status": "a\0b"}}, "'status'"),
        ({"filters": {"status": "\ud800"}}, "'status'"),
    ],
)
def test_what_is_unknown_is_named(fields: Any, named: Any) -> None:
    with pytest.raises(exceptions.Invalid, match=named):
        fetch(page_model.Page(**fields))


@pytest.mark.parametrize("value", [True, 1, {"a": "b"}, "'; --"])
def test_a_filter_of_any_type_is_harmless(value: Any) -> None:
    store(3)
    assert fetch(page_model.Page(filters={"status": value})) == []


def test_a_marker_of_another_scope_is_unknown() -> None:
    store(2)
    (marker, _) = fetch(page_model.Page())
    with pytest.raises(exceptions.Invalid, match="Unknown marker"):
        fetch(page_model.Page(marker=marker), "another")
