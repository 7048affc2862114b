# SPDX-License-Identifier: Apache-2.0
"""Reads the option ``bandwidth``, which two kinds of files have."""

from collections.abc import Sequence
from typing import Final

from oslo_config import cfg

from karbor_copy.data_models import bandwidth

_OPTION: Final = cfg.StrOpt("bandwidth", default="")


def read(
    files: Sequence[str], dirs: Sequence[str], group: str
) -> bandwidth.Timetable:
    """Return what the files say.

    :raises ValueError: naming file, option and the part that is wrong.
    :raises OSError, cfg.Error: a file can't be read.
    """
    config = cfg.ConfigOpts()
    config.register_opt(_OPTION, group=group)
    config(
        args=[],
        default_config_files=list(files),
        default_config_dirs=list(dirs),
        use_env=False,
    )
    return parse(config, group)


def parse(config: cfg.ConfigOpts, group: str) -> bandwidth.Timetable:
    """Return what the option of a group says.

    :raises ValueError: naming file, option and the part that is wrong.
    """
    try:
        return bandwidth.parse(config[group].bandwidth)
    except ValueError as error:
        where = config.get_location("bandwidth", group)
        raise ValueError(
            f"{where and where.detail}: [{group}] bandwidth: {error}"
        ) from error
