"""What is fuzzed: whatever reads what somebody else wrote. A target raises when a promise is broken."""

from __future__ import annotations

import atexit
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from yaml import YAMLError

from atelier.datasets import Bound, Format, Report, Requirements, check
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.scan.merge import merge
from atelier.datasets.scan.scan import scan
from atelier.datasets.transform.convert import Conversion, Undetected, convert
from atelier.datasets.transform.sources import Source
from atelier.datasets.transform.targets import TARGETS as CONVERTED_TO
from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.recipes.catalogue import load
from atelier.recipes.hub.document import entries_of
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.hub.template import UnreadableTemplate, keys_of
from atelier.runs.checks.check_run import check_run
from client.errors import InvalidRequest
from client.run_file import read_run_file
from tests.fixtures.catalogue_references import broken_references

RECIPES = Path(__file__).parents[2] / "catalogue"
TEMPLATES = ("nova_1_sft", "nova_1_dpo", "nova_2_sft", "nova_1_gen_qa")
REPLACED = (
    "training/atelier_tiny.yaml",
    "base_models/atelier_tiny.yaml",
    "templates/nova_1_gen_qa.yaml",
    "tasks.yaml",
)

_FORMATS = tuple(Format)
_DEMANDS = (
    Requirements(),
    Requirements(bucket="data", media=False, documents=False, reasoning="required"),
    Requirements(max_line_bytes=200, max_file_bytes=1000, reasoning="refused"),
    Requirements(min_rows=Bound(2, "a batch"), max_rows=Bound(4, "a quota")),
)


def fuzz_scan(data: bytes) -> None:
    """A file in a format: the same is told at once, in two parts and without shortcuts; it can be written."""
    head, content = data[:3].ljust(3, b"\0"), data[3:]
    format_, requirements = _FORMATS[head[0] % len(_FORMATS)], _DEMANDS[head[1] % len(_DEMANDS)]
    report = check(BytesIO(content), format_, requirements)
    known = {rule.name for rule in DEFINITIONS[format_].rules}
    for finding in report.findings:
        json.dumps(finding.to_json(), ensure_ascii=False).encode()
        assert finding.at == "" or finding.rule in known, finding
    cut = head[2] * len(content) // 255
    assert report.to_json() == _in_parts(content, cut, format_, requirements).to_json()
    with _no_shortcut(format_):
        assert report.to_json() == check(BytesIO(content), format_, requirements).to_json()


def _in_parts(content: bytes, cut: int, format_: Format, requirements: Requirements) -> Report:
    first, second = BytesIO(content), BytesIO(content)
    second.seek(max(cut - 1, 0))
    parts = [
        scan(first, format_, requirements, start=0, end=cut),
        scan(second, format_, requirements, start=cut),
    ]
    return merge(parts, format_, requirements)


@contextmanager
def _no_shortcut(format_: Format) -> Iterator[None]:
    definition = DEFINITIONS[format_]
    DEFINITIONS[format_] = replace(definition, fast_path=None)
    try:
        yield
    finally:
        DEFINITIONS[format_] = definition


def fuzz_convert(data: bytes) -> None:
    """A file converted: as many rows as are told, and all of them clean but for warnings."""
    head, content = data[:2].ljust(2, b"\0"), data[2:]
    targets, sources = tuple(CONVERTED_TO), (None, *Source)
    target, source = targets[head[0] % len(targets)], sources[head[1] % len(sources)]
    lines: list[bytes] = []
    try:
        outcome = convert(BytesIO(content), lines.append, Conversion(target, source))
    except Undetected:
        return
    written = b"".join(lines)
    assert written.count(b"\n") == outcome.written
    refused = [finding for finding in check(BytesIO(written), target).findings if finding.line]
    assert [finding for finding in refused if finding.severity == "refuse"] == []


def fuzz_run_file(data: bytes) -> None:
    """A run file: a run, or the message that tells what is wrong with it."""
    file = _folder() / "run.yaml"
    file.write_bytes(data)
    with suppress(InvalidRequest, InvalidRun, UnsupportedCombination):
        check_run(read_run_file(file), environment="dev", region="us-east-1", bucket="data")


def fuzz_catalogue(data: bytes) -> None:
    """A file of the catalogue: one whose names can be looked up, or what YAML or pydantic say of it."""
    kind, content = data[:1], data[1:]
    replaced = _folder() / REPLACED[ord(kind or b"\0") % len(REPLACED)]
    before = replaced.read_bytes()
    replaced.write_bytes(content)
    try:
        list(broken_references(load(_folder())))
    except (YAMLError, ValueError, RecursionError):
        pass
    finally:
        replaced.write_bytes(before)


@cache
def _folder() -> Path:
    """The catalogue of one family, removed when the process ends."""
    folder = TemporaryDirectory(prefix="atelier-fuzz-")
    atexit.register(folder.cleanup)
    for path in RECIPES.rglob("*.yaml"):
        if path.parent == RECIPES or path.stem in ("atelier_tiny", *TEMPLATES):
            copy = Path(folder.name) / path.relative_to(RECIPES)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
    return Path(folder.name)


def fuzz_hub(data: bytes) -> None:
    """A document, a template with its override spec, or a kept recipe of AWS's hub."""
    kind, content = data[:1], data[1:]
    text = content.decode(errors="replace")
    template, _, spec = text.partition("\n%%\n")
    readers: tuple[Callable[[], object], ...] = (
        lambda: list(entries_of(text)),
        lambda: keys_of(template, json.loads(spec), is_helm=False),
        lambda: keys_of(template, json.loads(spec), is_helm=True),
        lambda: HubRecipe.from_bytes(content).row(),
    )
    with suppress(UnreadableTemplate, ValueError):
        readers[ord(kind or b"\0") % len(readers)]()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "scan": fuzz_scan,
    "convert": fuzz_convert,
    "run_file": fuzz_run_file,
    "catalogue": fuzz_catalogue,
    "hub": fuzz_hub,
}
