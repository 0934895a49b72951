"""The four ways to patch an object, by the content type of the request.

Strategic merge and server-side apply are done as a JSON merge (RFC 7386): lists are replaced, and no field
has an owner. JSON Patch is RFC 6902, by the jsonpatch library.
"""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch

from localcloud.kubernetes.errors import ApiError, bad_request, unsupported_media_type
from localcloud.kubernetes.objects import Object

JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TYPES = (JSON, MERGE, STRATEGIC, APPLY)


def patched(document: Object, patch: Any, content_type: str) -> Object:
    """A changed copy of the document."""
    if content_type not in TYPES:
        raise unsupported_media_type(content_type, TYPES)
    if content_type == JSON:
        try:
            result = jsonpatch.apply_patch(document, patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
            raise ApiError(422, "Invalid", f"the JSON patch cannot be applied: {error}") from error
    else:
        if not isinstance(patch, dict):
            raise bad_request(f"a {content_type} must be one object, got {type(patch).__name__}")
        result = merged(document, patch)
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise bad_request("the patch leaves no object behind")
    return result


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
