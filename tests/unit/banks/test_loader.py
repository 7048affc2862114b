# SPDX-License-Identifier: Apache-2.0
import inspect

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import file_system
from karbor_copy.banks import loader
from karbor_copy.banks import memory


def test_finds_drivers_by_karbors_names():
    found = loader.get_class("karbor-fs-bank-plugin")
    assert found is file_system.FileSystemBank
    assert found.GROUP == "file_system_bank_plugin"
    found = loader.get_class("karbor-memory-bank-plugin")
    assert found is memory.MemoryBank


def test_an_unknown_name():
    with pytest.raises(exceptions.InvalidBank, match="'nope': no such driver"):
        loader.get_class("nope")


def test_loads_with_the_options_of_the_driver(tmp_path):
    bank = loader.load(
        "karbor-fs-bank-plugin",
        {"file_system_bank_path": str(tmp_path), "bank_object_container": "c"},
    )
    assert bank.location == str(tmp_path / "c")


@pytest.mark.parametrize("options", [{}, {"nonsense": 1}])
def test_wrong_options(options):
    with pytest.raises(exceptions.InvalidBank, match="karbor-fs-bank-plugin"):
        loader.load("karbor-fs-bank-plugin", options)


@pytest.mark.parametrize(
    "kind", [file_system.FileSystemBank, memory.MemoryBank]
)
def test_options_are_the_constructors(kind: type[base.Bank]) -> None:
    parameters = inspect.signature(kind).parameters
    assert [option.dest for option in kind.OPTS] == list(parameters)
