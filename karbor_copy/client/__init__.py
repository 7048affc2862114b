# SPDX-License-Identifier: Apache-2.0
"""The client: bindings to the API and the commands made of them."""
