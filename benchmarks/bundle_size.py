"""What a function carries: our layer and code against the same packages as pip installs them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution

from benchmarks.result import Result
from components.bundles import code_bundle, layer_bundle, layer_packages
from config.environments.prod import PROD

MEBIBYTE = 1 << 20
MOST_MIB = 15


def measure(*, packages: Sequence[str] = ()) -> Result:
    """MiB of the two zip files that PROD's functions share. `packages` shortens the reference, for a test."""
    ours = (layer_bundle(PROD.functions).stat().st_size + code_bundle().stat().st_size) / MEBIBYTE
    return Result(
        name="bundle_size",
        unit="MiB",
        ours=ours,
        reference=_as_installed(packages or layer_packages()) / MEBIBYTE,
        better="lower",
        promise=f"at most {MOST_MIB} MiB zipped",
        kept=ours <= MOST_MIB,
    )


def _as_installed(packages: Sequence[str]) -> int:
    """Bytes of one zip of every file that pip installed here for the packages."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in packages:
            for file in distribution(name).files or ():
                path = file.locate()
                if path.suffix != ".pyc" and path.is_file():  # type: ignore[attr-defined]
                    archive.writestr(str(file), path.read_bytes())  # type: ignore[attr-defined]
    return buffer.getbuffer().nbytes
