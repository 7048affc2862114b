# SPDX-License-Identifier: Apache-2.0
"""The API as tempest asks it: one method for each request."""

import json
from typing import Any
from urllib import parse

from tempest.lib.common import rest_client


class DataProtectionClient(rest_client.RestClient):
    """Version 1 of the API.

    A method returns the body of the answer, with the answer itself as its
    ``response``; its keyword arguments are fields of the request's body, or
    its query where it lists. What is refused is one of tempest's exceptions.
    """

    # Plans.

    def create_plan(self, **plan: Any) -> rest_client.ResponseBody:
        """POST /plans."""
        return self._send("POST", "plans", {"plan": plan})

    def list_plans(self, **query: Any) -> rest_client.ResponseBody:
        """GET /plans."""
        return self._list("plans", query)

    def show_plan(self, plan_id: str) -> rest_client.ResponseBody:
        """GET /plans/{plan_id}."""
        return self._send("GET", f"plans/{plan_id}")

    def update_plan(
        self, plan_id: str, /, **changes: Any
    ) -> rest_client.ResponseBody:
        """PUT /plans/{plan_id}."""
        return self._send("PUT", f"plans/{plan_id}", {"plan": changes})

    def delete_plan(self, plan_id: str) -> rest_client.ResponseBody:
        """DELETE /plans/{plan_id}."""
        return self._send("DELETE", f"plans/{plan_id}")

    # Providers, and what they can protect.

    def list_providers(self, **query: Any) -> rest_client.ResponseBody:
        """GET /providers."""
        return self._list("providers", query)

    def show_provider(self, provider_id: str) -> rest_client.ResponseBody:
        """GET /providers/{provider_id}."""
        return self._send("GET", f"providers/{provider_id}")

    def list_protectables(self) -> rest_client.ResponseBody:
        """GET /protectables."""
        return self._send("GET", "protectables")

    def show_protectable(self, kind: str) -> rest_client.ResponseBody:
        """GET /protectables/{resource_type}."""
        return self._send("GET", f"protectables/{kind}")

    def list_instances(
        self, kind: str, **query: Any
    ) -> rest_client.ResponseBody:
        """GET /protectables/{resource_type}/instances."""
        return self._list(f"protectables/{kind}/instances", query)

    def show_instance(
        self, kind: str, resource_id: str
    ) -> rest_client.ResponseBody:
        """GET /protectables/{resource_type}/instances/{resource_id}."""
        return self._send(
            "GET", f"protectables/{kind}/instances/{resource_id}"
        )

    # Checkpoints.

    def create_checkpoint(
        self, provider_id: str, /, **checkpoint: Any
    ) -> rest_client.ResponseBody:
        """POST /providers/{provider_id}/checkpoints."""
        return self._send(
            "POST", _checkpoints(provider_id), {"checkpoint": checkpoint}
        )

    def list_checkpoints(
        self, provider_id: str, **query: Any
    ) -> rest_client.ResponseBody:
        """GET /providers/{provider_id}/checkpoints."""
        return self._list(_checkpoints(provider_id), query)

    def show_checkpoint(
        self, provider_id: str, checkpoint_id: str
    ) -> rest_client.ResponseBody:
        """GET /providers/{provider_id}/checkpoints/{checkpoint_id}."""
        return self._send("GET", _checkpoints(provider_id, checkpoint_id))

    def delete_checkpoint(
        self, provider_id: str, checkpoint_id: str
    ) -> rest_client.ResponseBody:
        """DELETE /providers/{provider_id}/checkpoints/{checkpoint_id}."""
        return self._send("DELETE", _checkpoints(provider_id, checkpoint_id))

    # Copies.

    def create_copy(
        self, provider_id: str, /, **copy: Any
    ) -> rest_client.ResponseBody:
        """POST /providers/{provider_id}/checkpoints/action."""
        return self._send(
            "POST", _checkpoints(provider_id, "action"), {"copy": copy}, 202
        )

    def list_copies(self, **query: Any) -> rest_client.ResponseBody:
        """GET /copies."""
        return self._list("copies", query)

    def show_copy(self, copy_id: str) -> rest_client.ResponseBody:
        """GET /copies/{copy_id}."""
        return self._send("GET", f"copies/{copy_id}")

    def list_checkpoint_copies(
        self, copy_id: str, **query: Any
    ) -> rest_client.ResponseBody:
        """GET /copies/{copy_id}/checkpoint_copies."""
        return self._list(f"copies/{copy_id}/checkpoint_copies", query)

    def cancel_copy(self, copy_id: str) -> rest_client.ResponseBody:
        """POST /copies/{copy_id}/action."""
        path = f"copies/{copy_id}/action"
        return self._send("POST", path, {"cancel": None}, 202)

    def retry_copy(self, copy_id: str) -> rest_client.ResponseBody:
        """POST /copies/{copy_id}/action."""
        path = f"copies/{copy_id}/action"
        return self._send("POST", path, {"retry": None}, 202)

    # What is done with checkpoints, and what was done.

    def create_restore(self, **restore: Any) -> rest_client.ResponseBody:
        """POST /restores."""
        return self._send("POST", "restores", {"restore": restore})

    def list_restores(self, **query: Any) -> rest_client.ResponseBody:
        """GET /restores."""
        return self._list("restores", query)

    def show_restore(self, restore_id: str) -> rest_client.ResponseBody:
        """GET /restores/{restore_id}."""
        return self._send("GET", f"restores/{restore_id}")

    def create_verification(
        self, **verification: Any
    ) -> rest_client.ResponseBody:
        """POST /verifications."""
        body = {"verification": verification}
        return self._send("POST", "verifications", body)

    def list_verifications(self, **query: Any) -> rest_client.ResponseBody:
        """GET /verifications."""
        return self._list("verifications", query)

    def show_verification(
        self, verification_id: str
    ) -> rest_client.ResponseBody:
        """GET /verifications/{verification_id}."""
        return self._send("GET", f"verifications/{verification_id}")

    def list_operation_logs(self, **query: Any) -> rest_client.ResponseBody:
        """GET /operation_logs."""
        return self._list("operation_logs", query)

    def show_operation_log(self, log_id: str) -> rest_client.ResponseBody:
        """GET /operation_logs/{operation_log_id}."""
        return self._send("GET", f"operation_logs/{log_id}")

    def list_services(self) -> rest_client.ResponseBody:
        """GET /os-services."""
        return self._send("GET", "os-services")

    def _list(
        self, path: str, query: dict[str, Any]
    ) -> rest_client.ResponseBody:
        return self._send("GET", f"{path}?{parse.urlencode(query)}")

    def _send(
        self, method: str, path: str, body: Any = None, status: int = 200
    ) -> rest_client.ResponseBody:
        sent = None if body is None else json.dumps(body)
        response, text = self.request(method, path, body=sent)
        self.expected_success(status, response.status)
        return rest_client.ResponseBody(response, json.loads(text or "{}"))


def _checkpoints(provider_id: str, *more: str) -> str:
    return "/".join(["providers", provider_id, "checkpoints", *more])
