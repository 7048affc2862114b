# SPDX-License-Identifier: Apache-2.0
"""The API reference has every route, and nothing that is not there."""

import pathlib
import re
from typing import Any

import pytest
import yaml

from karbor_copy.api import collaborators
from karbor_copy.api import routes
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import checkpoints
from karbor_copy.api.v1 import copies
from karbor_copy.api.v1 import operation_logs
from karbor_copy.api.v1 import plans
from karbor_copy.api.v1 import protectables
from karbor_copy.api.v1 import providers
from karbor_copy.api.v1 import services as os_services
from karbor_copy.providers import registry

SOURCE = pathlib.Path(__file__).parents[2] / "api-ref" / "source"
TEXTS = {path.stem: path.read_text() for path in SOURCE.glob("*.inc")}
EVERYTHING = "\n".join(TEXTS.values())
#: /v1 is told beside /v1/.
UNTOLD = {"GET /v1"}
LISTINGS = {
    "List plans": plans.LISTING,
    "List providers": providers.LISTING,
    "List checkpoints": checkpoints.LISTING,
    "List copies": copies.LISTING,
    "List the checkpoint copies of a copy": copies.MEMBER_LISTING,
    "List restores": checkpoint_use.LISTING,
    "List verifications": checkpoint_use.LISTING,
    "List instances": protectables.LISTING,
    "List operation logs": operation_logs.LISTING,
}
QUERIES: dict[str, set[str]] = {
    **{title: set(listing.names) for title, listing in LISTINGS.items()},
    "List instances": set(protectables.LISTING.names) - {"status"},
    "Show an instance": {"parameters"},
    "List services": set(os_services.QUERY),
}


def load(name: str) -> Any:
    return yaml.safe_load((SOURCE / name).read_text())


def section(title: str) -> str:
    """Return what follows a title up to the next one."""
    _, _, rest = EVERYTHING.partition(f"\n{title}\n---")
    assert rest, title
    return re.split(r"\n.+\n---", rest)[0]


def test_every_route_is_there_and_no_other() -> None:
    nothing: Any = None
    table = routes.table(
        collaborators.Collaborators(
            registry=registry.Registry({}),
            client=nothing,
            max_limit=1,
            max_open_copies=0,
            service_down_time=1.0,
        )
    )
    served = {
        f"{method} {path}" for path, found in table.items() for method in found
    }
    told = set(re.findall(r"^\.\. rest_method:: (.*)$", EVERYTHING, re.M))
    assert told == served - UNTOLD


def test_every_parameter_is_explained_and_used() -> None:
    used = set(re.findall(r"^   - [^:\n]+: (\S+)$", EVERYTHING, re.M))
    assert used == set(load("parameters.yaml"))


def test_every_status_is_explained() -> None:
    used = set(re.findall(r"^   - (\d{3})$", EVERYTHING, re.M))
    assert used == {str(code) for code in load("status.yaml")}


@pytest.mark.parametrize("title", QUERIES)
def test_every_query_parameter_is_told(title: str) -> None:
    request = section(title).partition("**Response**")[0]
    parameters = load("parameters.yaml")
    told = {
        name
        for name, key in re.findall(r"^   - (\S+): (\S+)$", request, re.M)
        if parameters[key]["in"] == "query"
    }
    assert told == QUERIES[title]


@pytest.mark.parametrize("title", LISTINGS)
def test_every_sort_key_is_told(title: str) -> None:
    listing = LISTINGS[title]
    sentence = re.search(
        r"^Sort keys: (.*?)\.\s+Default:\s+``(.*?)``\.$",
        section(title),
        re.M | re.S,
    )
    assert sentence is not None
    assert tuple(re.findall(r"``(.*?)``", sentence[1])) == listing.sort_keys
    assert sentence[2] == ",".join(map(":".join, listing.default_sort))


def test_every_sample_is_shown() -> None:
    shown = set(
        re.findall(
            r"^\.\. literalinclude:: samples/(\S+)$",
            EVERYTHING + (SOURCE / "index.rst").read_text(),
            re.M,
        )
    )
    assert shown == {path.name for path in (SOURCE / "samples").iterdir()}


def test_every_noun_is_included() -> None:
    index = (SOURCE / "index.rst").read_text()
    included = set(re.findall(r"^\.\. include:: (\S+)\.inc$", index, re.M))
    assert included == set(TEXTS)
