# SPDX-License-Identifier: Apache-2.0
"""Paths lead where the table says, and nowhere else."""

from typing import Any

import pytest

from karbor_copy.api import faults
from karbor_copy.api import routes

ID = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
OTHER = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"


def handler(name: str) -> Any:
    return {"GET": lambda: name}


@pytest.fixture
def router() -> routes.Router:
    paths = (
        "/",
        "/v1/",
        "/v1/{project_id}/things/{thing_id}",
        "/v1/{project_id}/things/action",
        "/v1/{project_id}/types/{resource_type}/things/{resource_id}",
    )
    return routes.Router({path: handler(path) for path in paths})


@pytest.mark.parametrize(
    ("path", "found", "ids"),
    [
        ("/", "/", []),
        ("/v1/", "/v1/", []),
        (f"/v1/p/things/{ID}", "/v1/{project_id}/things/{thing_id}", [ID]),
        (
            f"/v1/p/things/{ID.upper()}",
            "/v1/{project_id}/things/{thing_id}",
            [ID],
        ),
        (
            f"/v1/p/things/{ID.replace('-', '')}",
            "/v1/{project_id}/things/{thing_id}",
            [ID],
        ),
        ("/v1/p/things/action", "/v1/{project_id}/things/action", []),
        (
            "/v1/p/types/OS::X/things/any thing",
            "/v1/{project_id}/types/{resource_type}/things/{resource_id}",
            ["OS::X", "any thing"],
        ),
    ],
)
def test_found(
    router: routes.Router, path: str, found: str, ids: list[str]
) -> None:
    match = router.match(path.split("/")[1:])
    assert match.path == found
    assert match.methods["GET"]() == found
    assert match.ids == ids


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/v1/p",
        "/v1/p/things",
        "/v1/p/things/",
        f"/v1/p/things/{ID}/",
        "/v1/p/things/nope",
        f"/v1/p/things/{ID}x",
        f"/v1/p/things/{{{ID}}}",
        f"/v1/p/things/{ID}\n",
        f"/v1/p/things/urn:uuid:{ID}",
        f"/v1//things/{ID}",
        "/v1//things/action",
        "/v1/p/types//things/x",
        "/v1/p/types/OS::X/things/",
    ],
)
def test_not_found(router: routes.Router, path: str) -> None:
    with pytest.raises(faults.HTTPFault) as caught:
        router.match(path.split("/")[1:])
    assert caught.value.status == 404
