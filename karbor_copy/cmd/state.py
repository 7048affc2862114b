# SPDX-License-Identifier: Apache-2.0
"""The state directory of the standalone service, made at its first start.

Later starts write nothing there: what an operator changed or removed stays
so.
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
description = Volumes as files, in a bank of its own
id = {id}
region = {name}
bank = {bank}
plugin = karbor-volume-file-plugin
enabled = True
{copy}
{options}
[volume_file_plugin]
volumes_path = {path}/volumes
"""

_FILE_SYSTEM = """\
[file_system_bank_plugin]
file_system_bank_path = {path}/banks/{name}
"""

_COPY = """
[copy]
# Provider ids that checkpoints may be copied to, the first by default.
targets = {target}
# read_back: read every object again after it was written; or checksum.
verify = read_back
"""


#: Id and group of copies of each provider.
_REGIONS = {
    "region-one": (REGION_ONE, _COPY.format(target=REGION_TWO)),
    "region-two": (REGION_TWO, ""),
}


def default_path() -> pathlib.Path:
    """Return where the standalone keeps its state unless told otherwise."""
    return pathlib.Path.home() / ".local" / "state" / "karbor-copy"


def prepare(path: pathlib.Path) -> None:
    """Make the state at the first start; a provider's bank before its file.

    The service's own file is written last, so that a first start that was
    killed half-way is gone on with, and a bank that is gone later is never
    taken for a new one.

    :raises ValueError: the path can't stand in the files.
    :raises OSError: a directory or file can't be made.
    :raises BankError: a bank can't be made.
    """
    _check(path)
    for name in ("providers.d", "volumes"):
        (path / name).mkdir(parents=True, exist_ok=True)
    config = path / "karbor_copy.conf"
    if config.exists():
        return
    for name in _REGIONS:
        if _provider_file(path, name).exists():
            continue
        bank = path / "banks" / name
        bank.mkdir(parents=True, exist_ok=True)
        file_system.FileSystemBank(file_system_bank_path=str(bank)).set_up()
        options = _FILE_SYSTEM.format(path=path, name=name)
        write_provider(path, name, "karbor-fs-bank-plugin", options)
    _write(config, _CONFIG.format(path=path))


def write_provider(
    path: pathlib.Path, name: str, bank: str, options: str
) -> None:
    """Write the file of one of the two providers.

    :raises OSError: it can't be written.
    """
    provider_id, copy = _REGIONS[name]
    text = _PROVIDER.format(
        id=provider_id,
        name=name,
        path=path,
        bank=bank,
        options=options,
        copy=copy,
    )
    _write(_provider_file(path, name), text)


def _provider_file(path: pathlib.Path, name: str) -> pathlib.Path:
    return path / "providers.d" / f"{name}.conf"


def _check(path: pathlib.Path) -> None:
    """Refuse a path that oslo.config or a database's URL would misread.

    :raises ValueError: naming what it holds.
    """
    text = str(path)
    if (
        not text.isprintable()
        or not set(text).isdisjoint("$?%")
        or text.strip() != text
    ):
        raise ValueError(
            f"the state path {text!r} holds a character that can't be in it:"
            " '$', '?', '%', a control character or a space at its end"
        )


def _write(path: pathlib.Path, text: str) -> None:
    """Write a file, whole or not at all."""
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
