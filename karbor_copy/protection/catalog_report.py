# SPDX-License-Identifier: Apache-2.0
"""What is told of a reconcile."""

from dataclasses import dataclass
from dataclasses import field

from oslo_log import log as logging

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Report:
    """What a reconcile of one provider found and did."""

    provider_id: str
    seen: int = 0
    added: int = 0
    changed: int = 0
    vanished: int = 0
    moved: int = 0
    swept: int = 0
    refused: list[str] = field(default_factory=list)
    #: Ids under which there is no checkpoint.
    unfinished: list[str] = field(default_factory=list)

    @property
    def news(self) -> bool:
        """Tell whether anything was done."""
        return any((self.added, self.changed, self.vanished, self.swept))

    def refuse(self, error: exceptions.KarborCopyError) -> None:
        """Note what could not be taken over, and why."""
        LOG.warning("Bank of provider %s: %s", self.provider_id, error)
        self.refused.append(str(error))
