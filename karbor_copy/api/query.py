# SPDX-License-Identifier: Apache-2.0
"""Reads the query of a list: page, order, filters, whose things."""

import itertools
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

from oslo_utils import strutils

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.data_models import page as page_model

T = TypeVar("T")

DIRECTIONS = ("asc", "desc")
DEFAULT_SORT = (("created_at", "desc"),)
MAX_OFFSET = 2**31 - 1

_PAGING = {"limit", "marker", "offset", "sort", "sort_key", "sort_dir"}
_SCOPE = {"all_tenants", "project_id"}
#: Of these several may be given.
_REPEATED = {"sort_key", "sort_dir"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a list request asks for.

    ``project_id`` is whose things are listed, None for everyone's;
    ``values`` are the parameters that are neither paging nor scope.
    """

    limit: int
    marker: str | None
    offset: int
    sort: tuple[tuple[str, str], ...]
    project_id: str | None
    values: dict[str, str]

    def page(self, filters: Collection[str]) -> page_model.Page:
        """Return the page to fetch, one item longer than it is shown.

        The item more tells whether there is a next page.
        """
        return page_model.Page(
            limit=self.limit + 1,
            marker=self.marker,
            offset=self.offset,
            sort=self.sort,
            filters={
                name: value
                for name, value in self.values.items()
                if name in filters
            },
        )


def read(this: call.Call, known: Collection[str], max_limit: int) -> Query:
    """Return the query of a list whose own parameters are ``known``.

    :raises Invalid: a parameter is unknown, given twice or malformed.
    """
    single: dict[str, str] = {}
    for name, value in this.query:
        if name not in _PAGING and name not in _SCOPE and name not in known:
            raise exceptions.Invalid(f"Unknown query parameter {name!r}.")
        if name in single and name not in _REPEATED:
            raise exceptions.Invalid(
                f"Query parameter {name!r} is given more than once."
            )
        single[name] = value
    return Query(
        limit=min(
            _number(single, "limit", minimum=1, default=max_limit), max_limit
        ),
        marker=single.get("marker"),
        offset=_number(single, "offset", minimum=0, default=0),
        sort=_sort(this.query),
        project_id=_project(this, single),
        values={name: single[name] for name in single if name in known},
    )


def _number(
    values: dict[str, str], name: str, *, minimum: int, default: int
) -> int:
    if name not in values:
        return default
    text = values[name]
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise exceptions.Invalid(f"{name} param must be an integer")
    number = int(text)
    if number < minimum:
        raise exceptions.Invalid(
            f"{name} param must be positive"
            if minimum
            else f"{name} param must not be negative"
        )
    if number > MAX_OFFSET and name == "offset":
        raise exceptions.Invalid("offset param is too large")
    return number


def _sort(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Read ``sort=key:dir,...`` or ``sort_key=`` and ``sort_dir=``."""
    given = {name: [] for name in ("sort", "sort_key", "sort_dir")}  # type: dict[str, list[str]]
    for name, value in pairs:
        if name in given:
            given[name].append(value)
    keys, directions = given["sort_key"], given["sort_dir"]
    if given["sort"]:
        if keys or directions:
            raise exceptions.Invalid(
                "sort can't be given with sort_key or sort_dir."
            )
        split = [part.partition(":") for part in given["sort"][0].split(",")]
        keys = [key.strip() for key, _, _ in split]
        directions = [direction.strip() for _, _, direction in split]
    elif not keys and not directions:
        return DEFAULT_SORT
    keys = keys or [DEFAULT_SORT[0][0]]
    if len(directions) > len(keys):
        raise exceptions.Invalid("There are more sort_dir than sort_key.")
    for direction in directions:
        if direction and direction not in DIRECTIONS:
            raise exceptions.Invalid(
                f"Unknown sort direction {direction!r}, use asc or desc."
            )
    if not all(keys) or len(set(keys)) < len(keys):
        raise exceptions.Invalid("A sort key is empty or given twice.")
    return tuple(
        (key, direction or "desc")
        for key, direction in itertools.zip_longest(keys, directions)
    )


def _project(this: call.Call, values: dict[str, str]) -> str | None:
    """Return whose things are listed: administrators may ask for others'."""
    text = values.get("all_tenants", "false")
    try:
        everyone = strutils.bool_from_string(text, strict=True)
    except ValueError as error:
        raise exceptions.Invalid(
            f"all_tenants must be true or false, not {text!r}."
        ) from error
    if not (everyone and this.context.is_admin):
        return this.project_id
    return values.get("project_id")


def slice_sequence(
    items: Sequence[T], page: page_model.Page, identify: Callable[[T], str]
) -> Sequence[T]:
    """Return one page of what is no table, in its own order.

    :raises Invalid: the marker is none of the items' ids.
    """
    start = page.offset
    if page.marker is not None:
        ids = [identify(item) for item in items]
        if page.marker not in ids:
            raise exceptions.Invalid(f"marker {page.marker!r} is unknown.")
        start += ids.index(page.marker) + 1
    return items[start : start + page.limit]


def matches(item: Any, page: page_model.Page) -> bool:
    """Tell whether an object's attributes equal all the filters."""
    return all(
        getattr(item, name) == value for name, value in page.filters.items()
    )
