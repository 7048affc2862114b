# SPDX-License-Identifier: Apache-2.0
"""What the protection service answers to on the message bus."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class WakeEndpoint:
    """1.0: ``wake``. The hint is only a hint: the rows tell what to do."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def wake(
        self, ctxt: Mapping[str, Any], operation_type: str, row_id: str
    ) -> None:
        """Look for work now."""
        LOG.debug(
            "Woken for %s %s by %s",
            operation_type,
            row_id,
            ctxt.get("request_id"),
        )
        self._wake()
