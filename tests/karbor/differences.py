# SPDX-License-Identifier: Apache-2.0
"""Where an answer is another than Karbor's, and why."""

from collections.abc import Mapping

#: Reason to the names of exchanges and the statuses here.
DIFFERENCES: Mapping[str, Mapping[str, int]] = {
    "the version document, without a token": {
        "versions/v1": 200,
        "versions/v1_slash": 200,
    },
    "a request without a token is refused": {"auth0/no_token": 401},
    "a method that a path does not have": {
        "providers/post": 405,
        "providers/delete": 405,
        "plans/patch": 405,
        "plans/delete_collection": 405,
        "plans/put_collection": 405,
        "copy/get": 405,
        "copy/put": 405,
        "copy/delete": 405,
        "copy/patch": 405,
        "operation_logs/post": 405,
        "operation_logs/delete": 405,
        "restores/delete": 405,
        "checkpoints/delete_collection": 405,
    },
    "suffixes of paths are not served": {"providers/show_json_suffix": 404},
    "the common error body": {
        "copy/trailing_slash": 404,
        "errors/unknown_path_deep": 404,
    },
    "bad input is no fault of the server's": {
        "plans/create_no_name": 400,
        "plans/create_no_resources": 400,
        "plans/create_empty": 400,
        "plans/list_sort_bad_key": 400,
        "copy/extra_top_type": 400,
        "copy/no_body_no_type": 400,
        "errors/bad_percent": 400,
    },
    "a body must be JSON and say so": {
        "plans/create_text_plain": 415,
        "copy/text_plain": 415,
        "copy/no_content_type": 415,
    },
    "the size of a body is limited": {
        "copy/big_body_100k": 413,
        "copy/big_body_200k": 413,
    },
    "the web server limits the length of lines": {
        "errors/long_header": 200,
        "errors/long_url": 200,
    },
    "an unknown query parameter is refused": {
        "checkpoints/list_unknown_filter": 400,
        "copy/query_string": 400,
    },
    "what is malformed does not exist": {
        "plans/show_bad_id": 404,
        "plans/update_bad_id": 404,
        "plans/delete_bad_id": 404,
        "checkpoints/show_bad_id": 404,
        "checkpoints/delete_bad_id": 404,
        "copy/provider_bad": 404,
        "operation_logs/show_bad_id": 404,
        "restores/show_bad_id": 404,
        "verifications/show_bad_id": 404,
    },
    "what does not exist is not found": {
        "copy/provider_404": 404,
        "restores/create_checkpoint_404": 404,
    },
    "another project's thing does not exist": {
        "auth/other_project_checkpoint_show": 404,
        "auth/other_project_checkpoint_delete": 404,
        "auth/other_project_checkpoint_reset": 404,
        "auth/admin_of_other_project_copy": 404,
        "auth/other_project_restore": 404,
        "auth/other_project_verification": 404,
    },
    "resource types are checked": {
        "plans/create_resource_unknown_type": 400,
        "copy/parameters_unknown_type": 400,
        "restores/create_parameters_bad_type": 400,
    },
    "the extra information of a new checkpoint is kept": {
        "checkpoints/create_extra_info_other_key": 200,
        "checkpoints/create_extra_info_null": 200,
    },
    "an end date works by itself": {"checkpoints/list_end_date_only": 200},
    "extra information is always JSON text": {
        "copy/show_copy": 200,
        "copy1/show_copy_at_once": 200,
        "copy1/slow_show_copying": 200,
    },
    "a copy is one object with an id": {
        "copy/good_again": 202,
        "copy1/again": 202,
    },
    "a copy may name its provider": {"copy/extra_property_provider_id": 202},
    "a UUID in any spelling is the same one": {
        "copy/upper_uuid": 202,
        "copy/upper_provider": 202,
    },
    "there is nothing to copy": {"copy/only_failed_checkpoints": 400},
    "the provider has no target": {"copy/noop_plugin_without_copy": 400},
    "a checkpoint that is being written is not deleted": {
        "copy1/slow_delete_copying": 409,
    },
    "credentials are never taken": {"restores/create_auth": 400},
    "only an available checkpoint can be verified": {
        "verifications/create_error_checkpoint": 400,
    },
}


def by_name() -> dict[str, int]:
    """Return the status here of each exchange that differs."""
    return {
        name: code
        for group in DIFFERENCES.values()
        for name, code in group.items()
    }
