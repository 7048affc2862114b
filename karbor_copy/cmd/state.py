# SPDX-License-Identifier: Apache-2.0
"""The state directory of the standalone service, made at its first start.

Existing files are kept: what an operator changed there stays.
"""

import pathlib
import textwrap

from karbor_copy.banks import file_system

REGION_ONE = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"
REGION_TWO = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"

_CONFIG = """\
# Options of karbor-copy-standalone; see the configuration reference.
[DEFAULT]
state_path = {path}

[database]
connection = sqlite:///{path}/karbor_copy.sqlite
"""

_PROVIDER = """\
[provider]
name = {name}
description = Volumes as files, in a file-system bank of its own
id = {id}
region = {name}
bank = karbor-fs-bank-plugin
plugin = karbor-volume-file-plugin
enabled = True
{copy}
[file_system_bank_plugin]
file_system_bank_path = {path}/banks/{name}

[volume_file_plugin]
volumes_path = {path}/volumes
"""

_COPY = """
[copy]
# Provider ids that checkpoints may be copied to, the first by default.
targets = {target}
# read_back: read every object again after it was written; or checksum.
verify = read_back
"""


def default_path() -> pathlib.Path:
    """Return where the standalone keeps its state unless told otherwise."""
    return pathlib.Path.home() / ".local" / "state" / "karbor-copy"


def prepare(path: pathlib.Path) -> None:
    """Make what is missing; a provider's bank before its file.

    So a start that is killed half-way leaves nothing that a later one takes
    for made, and a bank that is gone is never taken for a new one.

    :raises OSError: a directory or file can't be made.
    :raises BankError: a bank can't be made.
    """
    for name in ("providers.d", "volumes"):
        (path / name).mkdir(parents=True, exist_ok=True)
    _write_new(path / "karbor_copy.conf", _CONFIG.format(path=path))
    copy = _COPY.format(target=REGION_TWO)
    for provider_id, name, section in (
        (REGION_ONE, "region-one", copy),
        (REGION_TWO, "region-two", ""),
    ):
        file = path / "providers.d" / f"{name}.conf"
        if file.exists():
            continue
        bank = path / "banks" / name
        bank.mkdir(parents=True, exist_ok=True)
        file_system.FileSystemBank(file_system_bank_path=str(bank)).set_up()
        text = _PROVIDER.format(
            id=provider_id, name=name, path=path, copy=section
        )
        _write_new(file, text)


def _write_new(path: pathlib.Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all."""
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.rename(path)


def how_to_go_on(url: str, path: pathlib.Path) -> str:
    """Return what a newcomer can do next."""
    return textwrap.dedent(f"""\
        State is in {path}
        Put volume files (volume-<uuid>, each with volume-<uuid>.json) into
        {path}/volumes, then try, from another terminal:
          export KARBOR_COPY_URL={url}
          karbor-copy provider list
          karbor-copy protectable instance list OS::Cinder::Volume
        Stop with Ctrl-C.""")
