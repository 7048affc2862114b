# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the API, made from what its handlers tell."""
