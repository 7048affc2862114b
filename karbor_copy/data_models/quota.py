# SPDX-License-Identifier: Apache-2.0
"""What a project may have of each thing that is counted."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: As a limit: any number.
UNLIMITED: Final = -1
#: The one quota class, which holds for projects without a quota.
DEFAULT_CLASS: Final = "default"


class Resource(enum.StrEnum):
    """What is counted; ``copies`` are those that are open."""

    PLANS = "plans"
    CHECKPOINTS = "checkpoints"
    COPIES = "copies"
    COPY_GIGABYTES = "copy_gigabytes"


#: A limit for each resource.
Limits = Mapping[Resource, int]
NO_LIMITS: Final[Limits] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A limit, and what of it is used."""

    limit: int
    in_use: int
