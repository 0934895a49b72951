"""A container's variables and command, with what they refer to filled in.

Source: kubernetes.io/docs/tasks/inject-data-application and .../define-interdependent-environment-variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.common.programs import clean_environ
from localcloud.kubernetes import resources
from localcloud.kubernetes.kubelet.images import Program
from localcloud.kubernetes.kubelet.volumes import ROOT_VARIABLE, Lookup, contents, rewrite
from localcloud.kubernetes.objects import Key, Object

_REFERENCE = re.compile(r"\$\$|\$\((?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\)")
_FIELD_WITH_KEY = re.compile(r"(?P<path>[\w.]+)\['(?P<key>[^']+)'\]")


class NotConfigured(Exception):
    """A variable refers to what is not there (CreateContainerConfigError); the message names it."""


def variables(
    container: Mapping[str, Any],
    pod: Object,
    program: Program,
    root: Path,
    look_up: Lookup,
    instance: Mapping[str, str],
) -> dict[str, str]:
    """All of a container's environment, on top of a clean one.

    `instance` is what the node gives to whatever runs on it, as an instance's metadata service does.
    """
    namespace = pod["metadata"]["namespace"]
    declared: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        declared |= _everything(source, namespace, look_up)
    for variable in container.get("env") or []:
        value = variable.get("value", "")
        if "valueFrom" in variable:
            found = _value_from(variable["valueFrom"], pod, look_up)
            if found is None:
                continue
            value = found
        declared[variable["name"]] = expand(value, {**program.environ, **declared})
    declared = {name: rewrite(value, container, root) for name, value in declared.items()}
    environ = clean_environ(
        {
            **instance,
            "HOSTNAME": pod["metadata"]["name"],
            ROOT_VARIABLE: str(root),
            **program.environ,
            **declared,
        }
    )
    search = [str(path) for path in program.search_path]
    environ["PATH"] = ":".join([*search, environ["PATH"]]) if environ.get("PATH") else ":".join(search)
    return environ


def command(
    container: Mapping[str, Any], program: Program, environ: Mapping[str, str], root: Path
) -> list[str]:
    """What to run, with $(VARIABLES) and mount paths filled in where the container names them."""
    return program.command(container, lambda word: rewrite(expand(word, environ), container, root))


def expand(text: str, known: Mapping[str, str]) -> str:
    """$(NAME) for what is known; $$ is one $, and an unknown reference stays."""

    def value(matched: re.Match[str]) -> str:
        if matched["name"] is None:
            return "$"
        return known.get(matched["name"], matched[0])

    return _REFERENCE.sub(value, text)


def _value_from(source: Mapping[str, Any], pod: Object, look_up: Lookup) -> str | None:
    """None for what is optional and missing."""
    if "fieldRef" in source:
        return _field(pod, source["fieldRef"]["fieldPath"])
    for field, resource in (("configMapKeyRef", resources.CONFIG_MAPS), ("secretKeyRef", resources.SECRETS)):
        if field in source:
            reference = source[field]
            found = look_up(Key(resource, pod["metadata"]["namespace"], reference["name"]))
            value = contents(found or {}).get(reference["key"])
            if value is None and not reference.get("optional"):
                raise NotConfigured(
                    f"couldn't find key {reference['key']} in {resource.kind} {reference['name']}"
                )
            return None if value is None else value.decode()
    raise NotConfigured(f"{', '.join(source)} is not supported here as the source of a variable")


def _everything(source: Mapping[str, Any], namespace: str, look_up: Lookup) -> dict[str, str]:
    for field, resource in (("configMapRef", resources.CONFIG_MAPS), ("secretRef", resources.SECRETS)):
        if field in source:
            found = look_up(Key(resource, namespace, source[field]["name"]))
            if found is None and not source[field].get("optional"):
                raise NotConfigured(
                    f'{resource.plural.removesuffix("s")} "{source[field]["name"]}" not found'
                )
            prefix = source.get("prefix", "")
            return {prefix + name: value.decode() for name, value in contents(found or {}).items()}
    return {}


def _field(pod: Object, path: str) -> str:
    keyed = _FIELD_WITH_KEY.fullmatch(path)
    names = [*keyed["path"].split("."), keyed["key"]] if keyed else path.split(".")
    value: Any = pod
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
