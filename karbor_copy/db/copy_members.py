# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint copies a copy request waits for."""

from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import copy_request
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import insertions
from karbor_copy.db import models

_Child = models.CheckpointCopy
_Member = models.CopyMember

_COPY_ID: Final = checkpoint_copies.bound(_Member.copy_id)


def _insertion(checkpoint_copy_ids: sa.Select[Any]) -> sa.Insert:
    return sa.insert(_Member).from_select(
        ["checkpoint_copy_id", "copy_id"],
        checkpoint_copy_ids.add_columns(_COPY_ID),
    )


_ADD_UNDER_WAY: Final = _insertion(
    sa.select(_Child.id).where(*checkpoint_copies.UNDER_WAY)
)

#: Of the members of a request.
_UNFINISHED: Final = (
    _Member.checkpoint_copy_id == _Child.id,
    _Member.copy_id == _COPY_ID,
    _Child.status.in_(checkpoint_copies.UNFINISHED),
)
#: What a retry copies: the uncopied ones that the request has failed to copy.
MISSING: Final = checkpoint_copies.choice(
    *checkpoint_copies.WITHOUT_COPY,
    models.Checkpoint.id.in_(
        sa.select(_Child.checkpoint_id).where(*_UNFINISHED)
    ),
)

_Holder = orm.aliased(_Child)
_IN_PLACE: Final = _Holder.copy_slot == checkpoint_copies.slot_of(
    _Child.checkpoint_id
)
_ADD_HOLDERS: Final = _insertion(
    sa.select(_Holder.id).where(_IN_PLACE, *_UNFINISHED)
)
_DROP_REPLACED: Final = sa.delete(_Member).where(
    _Member.copy_id == _COPY_ID,
    _Member.checkpoint_copy_id.in_(
        sa.select(_Child.id).where(
            _IN_PLACE, _Child.status.in_(checkpoint_copies.UNFINISHED)
        )
    ),
)


def under_way(copy: copy_request.Copy) -> insertions.Insertion:
    """Return what lets a request wait for all under way on its route."""
    return insertions.Insertion(
        _ADD_UNDER_WAY, checkpoint_copies.parameters(copy)
    )


def replace_unfinished(session: orm.Session, copy: copy_request.Copy) -> None:
    """Let a request wait for the holder of the place of what has failed.

    What failed and has no such holder stays.
    """
    _execute(session, _ADD_HOLDERS, copy)
    _execute(session, _DROP_REPLACED, copy)


def _execute(
    session: orm.Session, statement: sa.Executable, copy: copy_request.Copy
) -> None:
    session.connection().execute(statement, checkpoint_copies.parameters(copy))
