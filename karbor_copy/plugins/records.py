# SPDX-License-Identifier: Apache-2.0
"""Tells a restore's or verification's users how it goes with a resource."""

import contextlib
from collections.abc import Iterator

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.plugins import base


@contextlib.contextmanager
def reported(
    record: base.ResourceRecord,
    resource_type: str,
    resource_id: str,
    running: status.ResourceStatus,
) -> Iterator[None]:
    """Report ``running``, then how the block ended.

    An operation that was stopped goes on later, or was given up by its
    user: neither is an error of the resource.
    """
    record.update_resource_status(resource_type, resource_id, running)
    try:
        yield
    except exceptions.OperationStopped:
        raise
    except exceptions.KarborCopyError as error:
        record.update_resource_status(
            resource_type,
            resource_id,
            status.ResourceStatus.ERROR,
            str(error),
        )
        raise
    record.update_resource_status(
        resource_type, resource_id, status.ResourceStatus.AVAILABLE
    )
