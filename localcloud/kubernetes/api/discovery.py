"""What clients ask before they begin: the version, the groups, their resources, and an OpenAPI outline."""

from __future__ import annotations

import platform
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.resources import Resource

MINOR = "33"
VERSION = {
    "major": "1",
    "minor": MINOR,
    "emulationMajor": "1",
    "emulationMinor": MINOR,
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "30",
    "gitVersion": f"v1.{MINOR}.0-atelier",
    "gitCommit": "0" * 40,
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": f"{platform.system().lower()}/{platform.machine()}",
}
# kubectl takes it as a promise that the server checks fields, and then asks for no schema.
_FIELD_VALIDATION = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}


def answer(path: str) -> dict[str, Any] | None:
    """The document at a discovery path; None when there is none."""
    match [part for part in path.split("/") if part]:
        case ["version"]:
            return VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis"]:
            groups = [_group(*each) for each in resources.group_versions()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", name]:
            versions = dict(resources.group_versions())
            return {"apiVersion": "v1", **_group(name, versions[name])} if name in versions else None
        case ["apis", group, version] if (group, version) in resources.group_versions():
            return _resources(group, version)
        case ["openapi", "v3"]:
            paths = ["api/v1", *(f"apis/{group}/{version}" for group, version in resources.group_versions())]
            return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}
        case ["openapi", "v3", "api", "v1"]:
            return _openapi("", "v1")
        case ["openapi", "v3", "apis", group, version] if (group, version) in resources.group_versions():
            return _openapi(group, version)
    return None


def _group(name: str, version: str) -> dict[str, Any]:
    only = {"groupVersion": f"{name}/{version}", "version": version}
    return {"kind": "APIGroup", "name": name, "versions": [only], "preferredVersion": only}


def _resources(group: str, version: str) -> dict[str, Any]:
    listed: list[dict[str, Any]] = []
    for resource in resources.in_group(group, version):
        entry = {
            "name": resource.plural,
            "singularName": resource.kind.lower(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(resource.verbs),
        }
        listed.append(entry | ({"shortNames": list(resource.short_names)} if resource.short_names else {}))
        listed += [
            entry
            | {
                "name": f"{resource.plural}/{name}",
                "singularName": "",
                "verbs": ["get"] if name == "log" else ["get", "patch", "update"],
            }
            for name in resource.subresources
        ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": listed,
    }


def _openapi(group: str, version: str) -> dict[str, Any]:
    """An outline without schemas: which kinds can be patched, and that their fields are checked here."""
    paths = {
        _object_path(resource): {
            "patch": {
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": {
                    "group": group,
                    "version": version,
                    "kind": resource.kind,
                },
                "parameters": [_FIELD_VALIDATION],
                "responses": {"200": {"description": "OK"}},
            }
        }
        for resource in resources.in_group(group, version)
        if "patch" in resource.verbs
    }
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": f"v1.{MINOR}.0"}, "paths": paths}


def _object_path(resource: Resource) -> str:
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    return f"{root}{'/namespaces/{namespace}' if resource.namespaced else ''}/{resource.plural}/{{name}}"
