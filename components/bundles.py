"""What a function carries, zipped at synthesis without Docker: the same bytes for the same inputs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from config.model import FunctionPlatform

ROOT = Path(__file__).resolve().parents[1]
BUNDLES = ROOT / ".atelier"
DECLARATION = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
CODE_FOLDERS = ("atelier", "lambdas", "catalogue")

SERVICE_MODELS = (
    "bedrock",
    "bedrock-runtime",
    "cloudwatch",
    "codebuild",
    "dynamodb",
    "eks",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
)
"""AWS services that functions call. botocore ships four hundred; the others are 80 MB that nothing reads."""

_ENTRY = re.compile(r"^(?P<name>[\w-]+)==(?:.*\\\n)*.*\n", re.MULTILINE)
_EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)
_UNREPRODUCIBLE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_WITHOUT_USE = {"bin", "tests", "test", "examples"}


def code_bundle() -> Path:
    """Zip of our own code, named by its content."""
    sources = (path for folder in CODE_FOLDERS for path in _files(ROOT / folder))
    files = [path for path in sources if path.suffix != ".pyc"]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return _cached(
        BUNDLES / "code" / f"{digest.hexdigest()[:16]}.zip", lambda target: _zip(target, ROOT, files)
    )


def layer_bundle(platform: FunctionPlatform) -> Path:
    """Zip of the pinned dependencies for `platform`, named by what decides its bytes."""
    digest = hashlib.sha256(layer_requirements().encode())
    digest.update(Path(__file__).read_bytes())
    digest.update("\n".join(_wheel_options(platform) or [sysconfig.get_platform(), sys.version]).encode())
    return _cached(
        BUNDLES / "layers" / f"{digest.hexdigest()[:16]}.zip", lambda target: _install(target, platform)
    )


def layer_packages() -> list[str]:
    """Normalised names (PEP 503) of the packages in the layer: the `layer` group of pyproject.toml."""
    names = tomllib.loads(DECLARATION.read_text())["dependency-groups"]["layer"]
    return sorted(re.sub(r"[-_.]+", "-", name).lower() for name in names)


def layer_requirements() -> str:
    """The lock's entries, with their hashes, of the packages in the layer."""
    entries = {entry["name"]: entry[0] for entry in _ENTRY.finditer(LOCK.read_text())}
    missing = [name for name in layer_packages() if name not in entries]
    if missing:
        raise ValueError(
            f"{LOCK.name} has no entry for {', '.join(missing)} of the group `layer`: "
            "run `make lock`, or remove the name from the group"
        )
    return "".join(entries[name] for name in layer_packages())


def _cached(bundle: Path, make: Callable[[Path], None]) -> Path:
    """`bundle`, made when it is not there; two processes making it at once do not see each other's half."""
    if not bundle.exists():
        bundle.parent.mkdir(parents=True, exist_ok=True)
        unfinished = bundle.with_suffix(f".{os.getpid()}")
        make(unfinished)
        unfinished.replace(bundle)
    return bundle


def _install(target: Path, platform: FunctionPlatform) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder, "python")
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(layer_requirements())
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--requirement", str(requirements), "--require-hashes", "--target", str(packages)]
        command += ["--no-deps", "--no-compile", "--only-binary", ":all:", *_wheel_options(platform)]
        subprocess.run(command, check=True)
        for service in packages.glob("boto*/data/*/"):
            if service.name not in SERVICE_MODELS:
                shutil.rmtree(service)
        if platform == FunctionPlatform.of_this_host():
            _compile(packages)
        _zip(target, Path(folder), _files(packages))


def _compile(packages: Path) -> None:
    """Bytecode for this interpreter: layers are read-only, so each cold start would recompile.

    Checked by nothing (the layer does not change) and without times, hence the same bytes each time.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(packages), "-p", "/opt/python", str(packages)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def _wheel_options(platform: FunctionPlatform) -> list[str]:
    """pip's options for wheels of Lambda's Amazon Linux 2023 (glibc 2.34), or none for this interpreter."""
    if platform == FunctionPlatform.of_this_host():
        return []
    major, minor = platform.python
    tags = [
        f"{tag}_{platform.architecture}"
        for tag in ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
    ]
    return [
        "--implementation", "cp", "--python-version", f"{major}.{minor}",
        *(option for tag in tags for option in ("--platform", tag)),
    ]  # fmt: skip


def _files(folder: Path) -> list[Path]:
    """Files that a bundle needs, in a stable order: no tests, no record of the installation."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in _UNREPRODUCIBLE
        and not _WITHOUT_USE.intersection(path.relative_to(folder).parts[:-1])
    )


def _zip(target: Path, root: Path, files: Iterable[Path]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EARLIEST_TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
