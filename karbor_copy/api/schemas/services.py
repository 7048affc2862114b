# SPDX-License-Identifier: Apache-2.0
"""Request bodies of services."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

#: Flat, as Karbor's clients send it.
UPDATE = common.obj(
    {
        "status": {"enum": [str(item) for item in status.ServiceStatus]},
        "disabled_reason": common.DESCRIPTION,
    },
    required=("status",),
)
