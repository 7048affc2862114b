# SPDX-License-Identifier: Apache-2.0
"""Provider files, and plugins only tests know."""

import pathlib
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from karbor_copy.data_models import resource
from karbor_copy.plugins import base

ONE = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"
TWO = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"

NOOP = "karbor-noop-protection-plugin"
VOLUME_FILE = "karbor-volume-file-plugin"

TEXT = """\
[provider]
name = Region one
description = Main bank
id = {id}
region = region-one
plugin = {plugin}
bank = karbor-memory-bank-plugin
enabled = True
[copy]
targets = {targets}
"""


class PointerPlugin(base.ProtectionPlugin):
    """Protects servers by a pointer, so that it has no copy."""

    made = 0

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        type(self).made += 1

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return ("OS::Nova::Server", "Vendor::Thing")

    def get_protect_operation(
        self, resource: resource.Resource
    ) -> base.Operation:
        return base.Operation()


class KarborPlugin(base.ProtectionPlugin):
    """Keeps its options as those of Karbor do."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._config.register_opts([cfg.IntOpt("pace", default=3)], "vendor")
        self.pace = self._config.vendor.pace

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return ("Vendor::Thing",)


class BrokenPlugin(PointerPlugin):
    """Can't be made."""

    def __init__(self, config: Any) -> None:
        raise KeyError("vendor")


KARBOR = f"{__name__}.KarborPlugin"
BROKEN = f"{__name__}.BrokenPlugin"
POINTER = f"{__name__}.PointerPlugin"


def write(
    directory: pathlib.Path,
    name: str,
    *,
    id: str = ONE,
    plugin: str = NOOP,
    targets: str = "",
    more: str = "",
) -> pathlib.Path:
    """Write a provider file and return its path."""
    path = directory / name
    text = TEXT.format(id=id, plugin=plugin, targets=targets)
    path.write_text(text + more)
    return path
