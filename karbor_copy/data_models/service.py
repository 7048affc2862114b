# SPDX-License-Identifier: Apache-2.0
"""A process that reports to the database that it lives."""

import datetime
from dataclasses import dataclass
from typing import Final

from karbor_copy.data_models import status as statuses

#: Karbor's name of the binary, which its clients show and filter by.
PROTECTION: Final = "karbor-protection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One binary on one host; ``state`` is up while it keeps reporting."""

    id: int
    binary: str
    host: str
    status: statuses.ServiceStatus
    state: statuses.ServiceState
    updated_at: datetime.datetime | None
    disabled_reason: str | None
