# SPDX-License-Identifier: Apache-2.0
"""The file-system bank as a driver: Karbor's options for a directory."""

from oslo_config import cfg

from karbor_copy.banks import directory

FILE_SYSTEM_OPTS = [
    cfg.StrOpt(
        "file_system_bank_path",
        required=True,
        help="Directory that holds the container directory. It must lie on "
        "a local file system or on NFS, mounted before the service starts.",
    ),
    cfg.StrOpt(
        "bank_object_container",
        default="karbor",
        regex=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$",
        help="Name of the container directory. Files that are not finished "
        "yet lie beside it in a directory of the same name with a dot "
        "before it and .tmp behind it.",
    ),
    cfg.BoolOpt(
        "exclusive",
        default=False,
        help="Nothing but this service writes into the container. Objects "
        "that a copy has in common with an earlier one then are hard links, "
        "which need no room. Where Karbor writes there too it must be false: "
        "it overwrites files in place, under all of their names.",
    ),
]


class FileSystemBank(directory.DirectoryBank):
    """A container directory in Karbor's layout."""

    OPTS = FILE_SYSTEM_OPTS
    GROUP = "file_system_bank_plugin"

    def __init__(
        self,
        *,
        file_system_bank_path: str,
        bank_object_container: str = "karbor",
        exclusive: bool = False,
    ) -> None:
        super().__init__(
            file_system_bank_path, bank_object_container, exclusive=exclusive
        )
