# SPDX-License-Identifier: Apache-2.0
"""The restore or verification as a plugin's hooks see it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field

from karbor_copy import exceptions
from karbor_copy.data_models import restore
from karbor_copy.db import restores
from karbor_copy.db import verifications
from karbor_copy.protection import running

_SetStatus = Callable[[str, str, str | None], None]
_Stop = Callable[[exceptions.OperationStopped], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Karbor's name for the method that tells how a resource fares.

    ``stop`` stops the operation for which it tells.
    """

    id: str
    project_id: str
    set_status: _SetStatus
    stop: _Stop
    _told: set[tuple[str, str]] = field(default_factory=set)

    def update_resource_status(
        self,
        resource_type: str,
        resource_id: str,
        status: str,
        reason: str | None = None,
    ) -> None:
        """Store the status, and the reason where there is one.

        :raises OperationStopped: the lease was lost or the database is away;
            the operation stops, whatever the plugin makes of this.
        """
        key = f"{resource_type}#{resource_id}"
        try:
            self.set_status(key, status, reason)
        except exceptions.OperationStopped as stopped:
            self.stop(stopped)
            raise
        if reason is not None:
            self._told.add((resource_type, reason))

    def save(self) -> None:
        """Do nothing: what was told is stored."""

    def has_told(self, resource_type: str, reason: str) -> bool:
        """Tell whether a plugin has given this reason itself.

        It may have done so under the id of the new resource.
        """
        return (resource_type, reason) in self._told


def restore_record(
    row: restore.Restore, operation: running.RunningOperation
) -> Record:
    """Return the record of a restore."""
    return Record(
        id=row.id,
        project_id=row.project_id,
        set_status=functools.partial(
            restores.set_resource_status, operation.log
        ),
        stop=operation.stop,
    )


def verification_record(
    row: restore.Verification, operation: running.RunningOperation
) -> Record:
    """Return the record of a verification."""
    return Record(
        id=row.id,
        project_id=row.project_id,
        set_status=functools.partial(
            verifications.set_resource_status, operation.log
        ),
        stop=operation.stop,
    )
