# SPDX-License-Identifier: Apache-2.0
"""One page of a list, in a total order, alike on every database.

The page begins after the marker's place in that order and not after a
number of rows, so that the last page costs what the first one does and rows
that come and go meanwhile neither repeat nor hide others.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import page as page_model

Row = TypeVar("Row")

#: Name in requests -> column.
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Term:
    """One expression of ORDER BY."""

    expression: Any
    descending: bool

    def order(self) -> Any:
        return (
            self.expression.desc()
            if self.descending
            else self.expression.asc()
        )

    def equals(self, value: Any) -> Any:
        if value is None:
            return self.expression.is_(None)
        return self.expression == value

    def beyond(self, value: Any) -> Any:
        # What equals the marker so far and is NULL here has no neighbour:
        # the term before this one told NULL from the rest.
        if value is None:
            return sa.false()
        if self.descending:
            return self.expression < value
        return self.expression > value


def fetch(
    session: orm.Session,
    statement: "sa.Select[Row]",
    page: page_model.Page,
    *,
    sortable: Columns,
    filterable: Columns,
) -> list[Row]:
    """Return the page's rows of what the statement selects.

    ``statement`` is the scope: a marker outside it is unknown. It stays a
    marker when it no longer matches the filters. ``sortable`` has the id.

    :raises Invalid: an unknown marker, sort key or filter, by name.
    """
    terms = _terms(page, sortable)
    wanted = statement.order_by(*(term.order() for term in terms))
    for name, value in page.filters.items():
        wanted = wanted.where(_matches(filterable, name, value))
    if page.marker is not None:
        place = _place(session, statement, page.marker, terms, sortable)
        wanted = wanted.where(_after(session, terms, place))
    wanted = wanted.offset(page.offset or None).limit(page.limit)
    return list(session.scalars(wanted))


def _terms(page: page_model.Page, sortable: Columns) -> list[_Term]:
    keys = list(page.sort)
    if "id" not in (name for name, _ in keys):
        keys.append(("id", keys[-1][1] if keys else "asc"))
    terms = []
    for name, direction in keys:
        if name not in sortable:
            raise exceptions.Invalid(reason=f"unknown sort key {name!r}")
        if direction not in ("asc", "desc"):
            raise exceptions.Invalid(
                reason=f"unknown sort direction {direction!r}"
            )
        column, descending = sortable[name], direction == "desc"
        if column.nullable:
            flag = sa.case((column.is_(None), 0), else_=1)
            terms.append(_Term(flag, descending))
        terms.append(_Term(column, descending))
    return terms


def _matches(filterable: Columns, name: str, value: Any) -> Any:
    if name not in filterable:
        raise exceptions.Invalid(reason=f"unknown filter {name!r}")
    values = value if isinstance(value, tuple) else (value,)
    return filterable[name].in_([_text(name, item) for item in values])


def _text(name: str, value: Any) -> str:
    """Return a value that a database can be asked for."""
    text = str(value)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise exceptions.Invalid(reason=f"malformed value of {name!r}")
    return text


def _place(
    session: orm.Session,
    statement: "sa.Select[Any]",
    marker: str,
    terms: Sequence[_Term],
    sortable: Columns,
) -> Sequence[Any]:
    row = session.execute(
        statement.with_only_columns(
            *(term.expression for term in terms)
        ).where(sortable["id"] == _text("marker", marker))
    ).one_or_none()
    if row is None:
        raise exceptions.UnknownMarker(marker=marker)
    return row


def _after(
    session: orm.Session, terms: Sequence[_Term], place: Sequence[Any]
) -> Any:
    """Return what holds for the rows that follow the place."""
    expressions = [term.expression for term in terms]
    one_way = len({term.descending for term in terms}) == 1
    if (
        one_way
        and session.get_bind().dialect.name not in ("mysql", "mariadb")
        and None not in place
    ):
        # These two look a row value up in the index, MariaDB the other form.
        row = sa.tuple_(*expressions)
        types = [expression.type for expression in expressions]
        bound = sa.tuple_(*place, types=types)
        return row < bound if terms[0].descending else row > bound
    choices = []
    for index, term in enumerate(terms):
        prefix = [
            terms[before].equals(place[before]) for before in range(index)
        ]
        choices.append(sa.and_(*prefix, term.beyond(place[index])))
    return sa.or_(*choices)
