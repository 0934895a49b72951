"""A pod's files: its volumes, and the root that stands for each container's file system.

A process sees this machine's files, not an image's. What is mounted at /config is at
`$ATELIER_ROOT/config`, and /config in a command, an argument or a variable is rewritten to that. Host paths
and claims are folders of the cluster, shared by all its nodes.
"""

from __future__ import annotations

import base64
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.objects import Key, Object
from localcloud.kubernetes.resources import Resource

ROOT_VARIABLE = "ATELIER_ROOT"
Lookup = Callable[[Key], Object | None]


class NotMounted(Exception):
    """A volume cannot be mounted yet; the message says what is missing."""


class Volumes:
    """The volumes of one pod under its folder."""

    def __init__(self, pod: Object, folder: Path, cluster_folder: Path, look_up: Lookup) -> None:
        self._pod = pod
        self._folder = folder
        self._cluster_folder = cluster_folder
        self._look_up = look_up

    def materialise(self) -> dict[str, Path]:
        """The folder, or file, of every volume by name. NotMounted while what one is made of is missing."""
        return {volume["name"]: self._volume(volume) for volume in self._pod["spec"].get("volumes") or []}

    def root(self, container: Mapping[str, Any], volumes: Mapping[str, Path]) -> Path:
        """The container's root: a folder with a link at every mount path."""
        root = self.root_of(container)
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        for mount in sorted(container.get("volumeMounts") or [], key=lambda each: str(each["mountPath"])):
            place = _inside(root, mount["mountPath"])
            if any(parent.is_symlink() for parent in place.parents if parent.is_relative_to(root)):
                raise NotMounted(f"{mount['mountPath']} is inside another mount, which is not supported here")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(_inside(volumes[mount["name"]], mount.get("subPath", "")))
        return root

    def root_of(self, container: Mapping[str, Any]) -> Path:
        """Where the container's root is, or will be."""
        return self._folder / "roots" / str(container["name"])

    def _volume(self, volume: Mapping[str, Any]) -> Path:
        folder = self._folder / "volumes" / str(volume["name"])
        namespace = self._pod["metadata"]["namespace"]
        if "configMap" in volume:
            source = volume["configMap"]
            return self._files(resources.CONFIG_MAPS, str(source["name"]), source, folder)
        if "secret" in volume:
            source = volume["secret"]
            return self._files(resources.SECRETS, str(source["secretName"]), source, folder)
        if "hostPath" in volume:
            folder = _inside(self._cluster_folder / "host", volume["hostPath"]["path"])
            if volume["hostPath"].get("type") in ("File", "FileOrCreate"):
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.touch()
                return folder
        elif "persistentVolumeClaim" in volume:
            claim = str(volume["persistentVolumeClaim"]["claimName"])
            if self._look_up(Key(resources.CLAIMS, namespace, claim)) is None:
                raise NotMounted(f'persistentvolumeclaim "{claim}" not found')
            folder = self._cluster_folder / "claims" / namespace / claim
        elif "emptyDir" not in volume:
            kinds = ", ".join(sorted(set(volume) - {"name"}))
            raise NotMounted(f"volume {volume['name']!r}: {kinds} is not supported here")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _files(self, resource: Resource, name: str, source: Mapping[str, Any], folder: Path) -> Path:
        """A ConfigMap's or a Secret's keys as files, all of them or those in `items`."""
        found = self._look_up(Key(resource, self._pod["metadata"]["namespace"], name))
        if found is None and not source.get("optional"):
            raise NotMounted(f'{resource.plural.removesuffix("s")} "{name}" not found')
        content = contents(found or {})
        paths = {item["key"]: item["path"] for item in source.get("items") or []} or {
            key: key for key in content
        }
        folder.mkdir(parents=True, exist_ok=True)
        for key, path in paths.items():
            if key not in content:
                raise NotMounted(
                    f'{resource.plural.removesuffix("s")} "{name}" references non-existent key: {key}'
                )
            place = _inside(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content[key])
        return folder


def contents(document: Object) -> dict[str, bytes]:
    """What a ConfigMap or a Secret holds, as bytes."""
    if document.get("kind") == "Secret":
        return {key: base64.b64decode(text) for key, text in (document.get("data") or {}).items()}
    binary = {key: base64.b64decode(text) for key, text in (document.get("binaryData") or {}).items()}
    return {key: text.encode() for key, text in (document.get("data") or {}).items()} | binary


def rewrite(text: str, container: Mapping[str, Any], root: Path) -> str:
    """The text with this container's mount paths as paths on this machine."""
    mounts = sorted(
        (mount["mountPath"] for mount in container.get("volumeMounts") or []), key=len, reverse=True
    )
    if not mounts:
        return text
    any_mount = "|".join(re.escape(path.rstrip("/")) for path in mounts)
    pattern = rf"(?:^|(?<=[\s=:'\"]))(?:{any_mount})(?=$|[/\s:;'\"])"
    # A text with spaces is a script, in which a path with spaces needs quotes; alone it must have none.
    quoted = shlex.quote if re.search(r"\s", text) else str
    return re.sub(pattern, lambda matched: quoted(str(_inside(root, matched[0]))), text)


def _inside(root: Path, path: str) -> Path:
    """An absolute path below a root; a path that leaves it stays in it."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return root.joinpath(*parts)
