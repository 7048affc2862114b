# SPDX-License-Identifier: Apache-2.0
"""Volume files, and plugins that protect them."""

import json
import pathlib
import uuid

from oslo_config import cfg

from karbor_copy.data_models import resource
from karbor_copy.plugins.volume_file import plugin
from tests.fakes import operations

CHUNK_SIZE = 64 * 1024


def make(
    directory: pathlib.Path,
    data: bytes,
    project_id: str | None = operations.PROJECT_ID,
    name: str = "disk",
) -> resource.Resource:
    """Write a volume, with its owner file unless that is None."""
    volume_id = str(uuid.uuid4())
    (directory / f"volume-{volume_id}").write_bytes(data)
    if project_id is not None:
        owner = {"project_id": project_id, "name": name}
        path = directory / f"volume-{volume_id}.json"
        path.write_text(json.dumps(owner))
    return resource.Resource(plugin.VOLUME, volume_id, name)


def make_plugin(
    directory: pathlib.Path, chunk_size: int = CHUNK_SIZE
) -> plugin.VolumeFilePlugin:
    """Return a plugin with the options that a provider file would give."""
    config = cfg.ConfigOpts()
    config(args=[], default_config_files=[], default_config_dirs=[])
    group = plugin.VolumeFilePlugin.GROUP
    config.register_opts(plugin.OPTS, group=group)
    config.set_override("volumes_path", str(directory), group=group)
    config.set_override("chunk_size", chunk_size, group=group)
    return plugin.VolumeFilePlugin(config)
