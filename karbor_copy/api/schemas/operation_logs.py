# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: operation logs."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

COMPONENTS = {
    "operation_log": common.answer(
        {
            "id": common.ID,
            "operation_type": common.one_of(status.OperationType),
            "checkpoint_id": common.or_null(common.ID),
            "plan_id": common.or_null(common.ID),
            "provider_id": common.or_null(common.ID),
            "restore_id": common.or_null(common.ID),
            "scheduled_operation_id": common.or_null(common.ID),
            "status": common.one_of(status.OperationLogStatus),
            "started_at": common.or_null(common.TIME),
            "ended_at": common.or_null(common.TIME),
            "error_info": common.or_null(common.TEXT),
            "extra_info": common.or_null(common.TEXT),
        }
    )
}
ONE = common.one("operation_log")
MANY = common.page("operation_logs", "operation_log")
