# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint remembers of its plan."""

from karbor_copy.data_models import plan
from karbor_copy.data_models import resource
from karbor_copy.data_models import status


def test_protection_plan_is_karbors() -> None:
    made = plan.Plan(
        id="p",
        project_id="project",
        provider_id="provider",
        name="nightly",
        description=None,
        status=status.PlanStatus.SUSPENDED,
        resources=(
            resource.Resource("T", "1", "one", {"zone": "z"}),
            resource.Resource("T", "2", "two"),
        ),
        parameters={"T": {"secret": "stays in the plan"}},
    )
    assert made.protection_plan() == {
        "id": "p",
        "name": "nightly",
        "provider_id": "provider",
        "resources": [
            {
                "id": "1",
                "name": "one",
                "type": "T",
                "extra_info": '{"zone": "z"}',
            },
            {"id": "2", "name": "two", "type": "T", "extra_info": None},
        ],
    }
