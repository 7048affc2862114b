# SPDX-License-Identifier: Apache-2.0
"""How far an operation is, as its rows show it."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.db import functions
from karbor_copy.db import models

_Child = models.CheckpointCopy

_COUNTERS: Final = (
    "bytes_total",
    "bytes_copied",
    "bytes_skipped",
    "bytes_reused",
    "objects_total",
    "objects_copied",
)


def counters(progress: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures without the resources, which may be many."""
    return {name: progress[name] for name in _COUNTERS if name in progress}


def columns(progress: Mapping[str, Any]) -> dict[str, Any]:
    """Return the progress as the columns of a checkpoint copy.

    Without ``resources``, which may be many, these stay as they are.
    """
    found: dict[str, Any] = counters(progress)
    if progress.get("resources"):
        found["resources"] = progress["resources"]
    return found


def store(
    session: orm.Session,
    log_id: str,
    progress: Mapping[str, Any],
    *where: sa.ColumnElement[bool],
) -> bool:
    """Show the progress of a copy in its checkpoint copy too.

    Tell whether there is one for which the conditions hold.
    """
    stored = session.execute(
        sa.update(models.table(_Child))
        .where(_Child.id == log_id, *where)
        .values(updated_at=functions.utcnow(), **columns(progress))
    )
    return bool(stored.rowcount)  # type: ignore[attr-defined]
