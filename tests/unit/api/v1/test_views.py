# SPDX-License-Identifier: Apache-2.0
"""What is shown has the shapes that Karbor's clients read."""

import datetime
import json
from dataclasses import replace

from karbor_copy.api.v1 import views
from karbor_copy.data_models import checkpoint as checkpoint_model
from karbor_copy.data_models import operation_log as log_model
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import service as service_model
from karbor_copy.data_models import status
from tests.fakes import response_schemas

ID = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
MOMENT = datetime.datetime(2026, 1, 31, 23, 59, 59)

CHECKPOINT = checkpoint_model.Checkpoint(
    id=ID,
    project_id="p1",
    provider_id=ID,
    plan_id=ID,
    status=status.CheckpointStatus.AVAILABLE,
    created_at=MOMENT,
    timestamp=0,
    protection_plan={
        "id": ID,
        "name": "n",
        "provider_id": ID,
        "resources": [],
    },
    resource_graph=None,
    extra_info={"copy_status": "finished"},
    copied_from=None,
    resource_types=(),
    committed_at=None,
    size=None,
)
LOG = log_model.OperationLog(
    id=ID,
    project_id="p1",
    operation_type=status.OperationType.COPY,
    checkpoint_id=None,
    plan_id=None,
    provider_id=None,
    target_provider_id=None,
    restore_id=None,
    verification_id=None,
    scheduled_operation_id=None,
    status=status.OperationLogStatus.SUCCESS,
    started_at=MOMENT,
    ended_at=None,
    error_info=None,
    extra_info=None,
    state=status.OperationState.SETTLED,
    owner="host",
    epoch=1,
    lease_until=None,
    due_at=0,
    attempts=1,
    progress={},
    manifest_sha256=None,
    parameters={},
    request_id=None,
)


def test_a_graph_is_never_null() -> None:
    shown = views.checkpoint(CHECKPOINT)
    assert json.loads(shown["resource_graph"]) == [{}, []]
    graph = resource_model.ResourceGraph().serialize()
    shown = views.checkpoint(replace(CHECKPOINT, resource_graph=graph))
    assert shown["resource_graph"] == graph


def test_a_checkpoint() -> None:
    shown = views.checkpoint(CHECKPOINT)
    response_schemas.check_component("checkpoint", shown)
    assert shown["created_at"] == "2026-01-31"
    assert json.loads(shown["extra_info"]) == {"copy_status": "finished"}


def test_an_operation_log() -> None:
    shown = views.operation_log(LOG)
    response_schemas.check_component("operation_log", shown)
    assert shown["started_at"] == "2026-01-31T23:59:59.000000"
    assert shown["extra_info"] is None
    shown = views.operation_log(replace(LOG, extra_info={"a": 1}))
    assert shown["extra_info"] == '{"a": 1}'


def test_a_service() -> None:
    shown = views.service(
        service_model.Service(
            id=1,
            binary="karbor-protection",
            host="here",
            status=status.ServiceStatus.ENABLED,
            state=status.ServiceState.UP,
            updated_at=MOMENT,
            disabled_reason=None,
        )
    )
    response_schemas.check_component("service", shown)
