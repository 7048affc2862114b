# SPDX-License-Identifier: Apache-2.0
"""Bindings to version 1 of the API, one module a noun."""
