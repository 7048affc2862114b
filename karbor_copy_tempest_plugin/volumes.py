# SPDX-License-Identifier: Apache-2.0
"""The volumes that tests protect: files of the installation's directory."""

import json
import os
import pathlib
import uuid

VOLUME = "OS::Cinder::Volume"


class Volumes:
    """One project's volumes in a directory of all."""

    def __init__(self, path: str, project_id: str) -> None:
        self._path = pathlib.Path(path)
        self._project_id = project_id

    def create(self, data: bytes) -> dict[str, str]:
        """Make a volume; return it as a plan's resource."""
        volume_id = str(uuid.uuid4())
        path = self._path / f"volume-{volume_id}"
        path.write_bytes(data)
        # It is the project's, and seen, once this is there whole.
        owner = path.with_name(f"{path.name}.json")
        unfinished = owner.with_suffix(".new")
        unfinished.write_text(
            json.dumps({"project_id": self._project_id, "name": "tempest"})
        )
        os.replace(unfinished, owner)
        return {"type": VOLUME, "id": volume_id, "name": "tempest"}

    def contents(self) -> list[bytes]:
        """Return what is in each of the project's volumes, in order."""
        return sorted(path.read_bytes() for path in self._found())

    def remove(self) -> None:
        """Remove all of the project's volumes, restored ones too."""
        for path in self._found():
            path.with_name(f"{path.name}.json").unlink()
            path.unlink()

    def _found(self) -> list[pathlib.Path]:
        return [
            owner.with_suffix("")
            for owner in self._path.glob("volume-*.json")
            if self._is_ours(owner)
        ]

    def _is_ours(self, owner: pathlib.Path) -> bool:
        """Tell whose a volume is; others' may come and go meanwhile."""
        try:
            found = json.loads(owner.read_bytes())
        except (OSError, ValueError):
            return False
        return bool(found.get("project_id") == self._project_id)
