# SPDX-License-Identifier: Apache-2.0
"""Checkpoint copies by the set: what is uncopied, what is under way.

All of it runs under the lock of the plan. The place of the one copy of a
source at a target is the unique ``copy_slot``.

A request for a copy is made of few statements. They are built once and run
on the connection: building one, or the session's part, takes longer than
most of them run. Their parameters have the names of the columns.
"""

import collections
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import copy_request
from karbor_copy.data_models import status
from karbor_copy.db import functions
from karbor_copy.db import insertions
from karbor_copy.db import models

_Child = models.CheckpointCopy
_Source = models.Checkpoint

_FIELDS = tuple(copy_request.CheckpointCopy.__dataclass_fields__)
#: Terminal, and not what the user wanted.
UNFINISHED = (status.CopyStatus.ERROR, status.CopyStatus.CANCELLED)


def parameters(copy: copy_request.Copy) -> dict[str, Any]:
    """Return what a request gives to the statements: its id and route."""
    return {
        "copy_id": copy.id,
        "project_id": copy.project_id,
        "plan_id": copy.plan_id,
        "provider_id": copy.provider_id,
        "target_provider_id": copy.target_provider_id,
    }


def slot(source_id: str, target_provider_id: str) -> str:
    """Return the name of the place of a source's one copy at a target."""
    return f"{source_id}:{target_provider_id}"


def slot_of(source_id: Any) -> Any:
    """Return the SQL of :func:`slot` at the target of a route."""
    colon = functions.constant(":")
    return source_id.concat(colon).concat(bound(_Child.target_provider_id))


def bound(
    column: orm.InstrumentedAttribute[Any],
) -> sa.BindParameter[Any]:
    """Return a parameter with the name and type of a column."""
    return sa.bindparam(column.key, type_=column.type)


@dataclass(frozen=True, slots=True)
class Sources:
    """A choice of sources: the statements that deal with all of them."""

    resource_types: sa.Select[str]
    insertion: sa.Insert


def choice(*criteria: Any) -> Sources:
    """Build the statements for the sources that match the criteria."""
    values = {
        "id": functions.new_uuid(),
        "copy_id": bound(_Child.copy_id),
        "project_id": _Source.project_id,
        "plan_id": _Source.plan_id,
        "provider_id": _Source.provider_id,
        "target_provider_id": bound(_Child.target_provider_id),
        "checkpoint_id": _Source.id,
        "checkpoint_copy_id": functions.new_uuid(),
        "copy_slot": slot_of(_Source.id),
        "status": functions.constant(status.CopyStatus.WAIT_COPYING.value),
        "resources": functions.constant("{}"),
        "created_at": bound(_Child.created_at),
    }
    return Sources(
        sa.select(_Source.resource_types).where(*criteria).distinct(),
        insertions.from_select(_Child, values, *criteria),
    )


#: What holds for the checkpoints that may be copied.
_SOURCES: Final = (
    _Source.plan_id == bound(_Source.plan_id),
    _Source.project_id == bound(_Source.project_id),
    _Source.provider_id == bound(_Source.provider_id),
    _Source.status
    == functions.constant(status.CheckpointStatus.AVAILABLE.value),
    _Source.copied_from.is_(None),
)
_ANY_SOURCE: Final = sa.select(_Source.id).where(*_SOURCES).limit(1)
#: What holds for those of them that have no copy at the target.
WITHOUT_COPY: Final = (
    *_SOURCES,
    ~sa.select(_Child.id)
    .where(_Child.copy_slot == slot_of(_Source.id))
    .exists(),
)
UNCOPIED: Final = choice(*WITHOUT_COPY)

_OPEN: Final = sorted(item.value for item in status.OPEN_COPY_STATUSES)
#: What holds for the open checkpoint copies that hold a place. One that was
#: told to stop has given its place up.
UNDER_WAY: Final = (
    _Child.plan_id == bound(_Child.plan_id),
    _Child.project_id == bound(_Child.project_id),
    _Child.provider_id == bound(_Child.provider_id),
    _Child.target_provider_id == bound(_Child.target_provider_id),
    _Child.copy_slot.is_not(None),
    _Child.status.in_([functions.constant(open_) for open_ in _OPEN]),
)
#: The types in what is uncopied, and NULL if anything is under way.
_SURVEY: Final[sa.CompoundSelect[str]] = sa.union(
    UNCOPIED.resource_types,
    sa.select(sa.null()).select_from(_Child).where(*UNDER_WAY),
)
_LOCK_UNDER_WAY: Final = (
    sa.select(_Child.status)
    .where(*UNDER_WAY)
    .order_by(_Child.id)
    .with_for_update()
)


def to_model(row: models.CheckpointCopy) -> copy_request.CheckpointCopy:
    """Return the value of a row."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["status"] = status.CopyStatus(row.status)
    return copy_request.CheckpointCopy(**values)


def has_sources(session: orm.Session, copy: copy_request.Copy) -> bool:
    """Tell whether there is anything that may be copied."""
    found = session.connection().scalar(_ANY_SOURCE, parameters(copy))
    return found is not None


def survey(
    session: orm.Session, copy: copy_request.Copy
) -> tuple[set[str], collections.Counter[status.CopyStatus]]:
    """Return the types of resources in what is uncopied, and what is not.

    See :func:`lock_under_way` for the latter. Who holds the plan's lock need
    not look for it again where there is none.
    """
    found = set(session.connection().scalars(_SURVEY, parameters(copy)))
    if None not in found:
        return _types(found), collections.Counter()
    under_way = lock_under_way(session, copy)
    return resource_types(session, UNCOPIED, copy), under_way


def lock_under_way(
    session: orm.Session, copy: copy_request.Copy
) -> collections.Counter[status.CopyStatus]:
    """Let nothing that is under way end before this transaction does.

    One that is just failing is waited for here: it then counts as uncopied
    and is not adopted dead. Return how many there are of each status.
    """
    found = session.connection().scalars(_LOCK_UNDER_WAY, parameters(copy))
    return collections.Counter(map(status.CopyStatus, found))


def resource_types(
    session: orm.Session, sources: Sources, copy: copy_request.Copy
) -> set[str]:
    """Return the types of resources in the sources."""
    rows = session.connection().scalars(
        sources.resource_types, parameters(copy)
    )
    return _types(rows)


def _types(rows: Iterable[str]) -> set[str]:
    return {name for row in rows for name in row.split(",") if name}


def insert(
    session: orm.Session, sources: Sources, copy: copy_request.Copy
) -> int:
    """Make a checkpoint copy for each source; return how many were made.

    Their work has yet to be added.
    """
    made = session.connection().execute(
        sources.insertion,
        {**parameters(copy), "created_at": functions.utcnow()},
        execution_options={"preserve_rowcount": True},
    )
    return made.rowcount


def free_slot(session: orm.Session, checkpoint_copy_id: str) -> None:
    """Let the source of a copy, by the copy's checkpoint id, be uncopied."""
    session.execute(
        sa.update(_Child)
        .where(_Child.checkpoint_copy_id == checkpoint_copy_id)
        .values(copy_slot=None)
    )


def take_slot(session: orm.Session, checkpoint_copy_id: str) -> bool:
    """Give a copy its place back unless another one has it.

    Whatever its bank says of its source, there is a place only at one of the
    same plan, and only while that is known. A copy without such a source has
    none, and needs none.
    """
    row = session.scalars(
        sa.select(_Child)
        .where(_Child.checkpoint_copy_id == checkpoint_copy_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    source = sa.select(_Source.id).where(
        _Source.id == row.checkpoint_id,
        _Source.plan_id == row.plan_id,
        _Source.project_id == row.project_id,
    )
    if session.scalar(source) is None:
        return True
    wanted = slot(row.checkpoint_id, row.target_provider_id)
    holder = session.scalar(
        sa.select(_Child.id).where(_Child.copy_slot == wanted)
    )
    if holder is None:
        row.copy_slot = wanted
    return holder in (None, row.id)


def take_slots(session: orm.Session, source: models.Checkpoint) -> None:
    """Give the places at a source that was unknown to its earliest copies."""
    copies = session.scalars(
        sa.select(_Child.checkpoint_copy_id)
        .join(_Source, _Source.id == _Child.checkpoint_copy_id)
        .where(
            _Child.checkpoint_id == source.id,
            _Child.plan_id == source.plan_id,
            _Child.project_id == source.project_id,
            _Source.status == status.CheckpointStatus.AVAILABLE,
        )
        .order_by(_Source.timestamp, _Source.id)
    )
    for checkpoint_copy_id in copies.all():
        take_slot(session, checkpoint_copy_id)
