# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: health."""

from karbor_copy.api.schemas import common

LIVE = common.answer({"healthy": {"const": True}})
READY = common.answer(
    {
        "ready": {"type": "boolean"},
        "checks": common.answer(
            {"database": common.TEXT, "protection": common.TEXT}
        ),
    }
)
