# SPDX-License-Identifier: Apache-2.0
"""Several INSERTs of one transaction, in one round trip where that can be."""

import functools
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.db import functions
from karbor_copy.db import models

#: A WITH may hold what inserts; all of it sees the tables as they were.
_JOINING: Final = ("postgresql",)


class Insertion(NamedTuple):
    """An INSERT, and its parameters by their names."""

    statement: sa.Insert
    parameters: Mapping[str, Any]


def from_select(
    model: type[models.Base], values: Mapping[str, Any], *criteria: Any
) -> sa.Insert:
    """Return what inserts these values for all that match the criteria.

    Of the columns without a value some have a default of their own.
    """
    values = {
        **{
            column.key: functions.constant(column.default.arg)
            for column in models.table(model).columns
            if isinstance(column.default, sa.ColumnDefault)
            and column.default.is_scalar
        },
        **values,
    }
    selected = sa.select(*values.values()).where(*criteria)
    return sa.insert(model).from_select(list(values), selected)


def insert_all(session: orm.Session, *insertions: Insertion) -> None:
    """Insert all of it; none may select what another one inserts.

    Parameters of one name have one value.
    """
    connection = session.connection()
    if connection.dialect.name in _JOINING:
        connection.execute(
            _joined(*(item.statement for item in insertions)),
            {
                name: value
                for item in insertions
                for name, value in item.parameters.items()
            },
        )
        return
    for item in insertions:
        connection.execute(*item)


@functools.cache
def _joined(*statements: sa.Insert) -> sa.Insert:
    *others, last = statements
    return last.add_cte(
        *(item.cte(f"insert_{number}") for number, item in enumerate(others))
    )
