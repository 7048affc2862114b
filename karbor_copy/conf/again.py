# SPDX-License-Identifier: Apache-2.0
"""Reads the files of a running service, without giving it what they say."""

from oslo_config import cfg
from oslo_log import log

from karbor_copy import conf
from karbor_copy.conf import parsing


def read(used: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """Return what the same files say now, in options of this project.

    :raises cfg.Error: a value is malformed.
    :raises ValueError: a file is.
    """
    found = cfg.ConfigOpts()
    log.register_options(found)
    for module in conf.MODULES:
        module.register_opts(found)
    with parsing.without_lines():
        found(
            [],
            project="karbor_copy",
            default_config_files=used.config_file,
            default_config_dirs=used.config_dir,
        )
    for value in dict(found).values():
        if isinstance(value, cfg.ConfigOpts.GroupAttr):
            dict(value)  # reads each of the group
    return found
