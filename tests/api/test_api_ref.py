# SPDX-License-Identifier: Apache-2.0
"""The API reference has every route, and nothing that is not there."""

import pathlib
import re
from typing import Any
from typing import NamedTuple

import pytest
import yaml

from tests.fakes import api_document

SOURCE = pathlib.Path(__file__).parents[2] / "api-ref" / "source"
TEXTS = {path.stem: path.read_text() for path in SOURCE.glob("*.inc")}
EVERYTHING = "\n".join(TEXTS.values())
#: Told once, for every operation.
ALWAYS = {"500", "503"}


class Section(NamedTuple):
    """What is told of an operation, or of one of its actions."""

    title: str
    operation: str
    text: str

    @property
    def told(self) -> Any:
        """Return what the OpenAPI document says of it."""
        method, _, path = self.operation.partition(" ")
        return api_document.load()["paths"][path][method.lower()]


SECTIONS = [
    Section(title, operation, text)
    for title, operation, text in re.findall(
        r"^(\S.*)\n-+\n\n\.\. rest_method:: (.*)\n"
        r"((?:(?!.*\n(?:-+|=+)\n).*\n)*)",
        EVERYTHING,
        re.M,
    )
]
each = pytest.mark.parametrize("section", SECTIONS, ids=lambda item: item[0])


def load(name: str) -> Any:
    return yaml.safe_load((SOURCE / name).read_text())


def queries(section: Section) -> dict[str, Any]:
    return {
        item["name"]: item
        for item in section.told["parameters"]
        if item["in"] == "query" and not item.get("deprecated")
    }


def plain(text: str) -> str:
    """Return the text on one line, without marks of literals."""
    return " ".join(text.replace("``", "").split())


def test_every_route_is_there_and_no_other() -> None:
    assert {item.operation for item in SECTIONS} == api_document.served()
    assert len(SECTIONS) == len(
        re.findall(r"^\.\. rest_method", EVERYTHING, re.M)
    )


@each
def test_every_status_is_told(section: Section) -> None:
    told = set(re.findall(r"^   - (\d{3})$", section.text, re.M))
    assert told | ALWAYS == set(section.told["responses"]) | ALWAYS


@each
def test_every_id_in_the_path_is_told(section: Section) -> None:
    request = section.text.partition("**Response**")[0]
    parameters = load("parameters.yaml")
    told = [
        name
        for name, key in re.findall(r"^   - (\S+): (\S+)$", request, re.M)
        if parameters[key]["in"] == "path"
    ]
    assert told == [
        item["name"]
        for item in section.told["parameters"]
        if item["in"] == "path"
    ]


def test_every_parameter_is_explained_and_used() -> None:
    used = set(re.findall(r"^   - [^:\n]+: (\S+)$", EVERYTHING, re.M))
    assert used == set(load("parameters.yaml"))


def test_every_status_is_explained() -> None:
    used = set(re.findall(r"^   - (\d{3})$", EVERYTHING, re.M))
    assert used == {str(code) for code in load("status.yaml")}


@each
def test_every_query_parameter_is_told(section: Section) -> None:
    request = section.text.partition("**Response**")[0]
    parameters = load("parameters.yaml")
    told = {
        name: parameters[key]["description"]
        for name, key in re.findall(r"^   - (\S+): (\S+)$", request, re.M)
        if parameters[key]["in"] == "query"
    }
    assert {name: plain(text) for name, text in told.items()} == {
        name: item["description"] for name, item in queries(section).items()
    }


@each
def test_every_sort_key_is_told(section: Section) -> None:
    sentence = re.search(
        r"^Sort keys: (.*?)\.\s+Default:\s+``(.*?)``\.$",
        section.text,
        re.M | re.S,
    )
    asked = queries(section)
    if "sort" not in asked:
        assert sentence is None
        return
    assert sentence is not None
    keys = asked["sort_key"]["schema"]["items"]["enum"]
    assert re.findall(r"``(.*?)``", sentence[1]) == keys
    assert sentence[2] == asked["sort"]["schema"]["default"]


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
