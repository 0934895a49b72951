"""Check of a run's datasets, in one function or in several that exchange their parts through S3.

`runs/<id>/validation/` has for each dataset with findings `<field>.jsonl`, a line a finding (the first 10,000
of them), and `summary.json`, which the report shows; `plan.json` and `parts/` are what functions exchange.
Everything is named by the run and the plan, so a retried function writes what it wrote; all functions read
the content of a dataset that the first one found, or ObjectChanged says that it was replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.datasets.leakage.leakage import Fingerprints, LeakageObserver
from atelier.datasets.leakage.sources import fingerprints_of
from atelier.datasets.lines.part import FINDINGS_KEPT, Part
from atelier.datasets.report import Report
from atelier.datasets.run_check.chunks import Chunk, remote_chunks, split_into_chunks
from atelier.datasets.run_check.run_datasets import Dataset, datasets_of
from atelier.datasets.run_check.summary import raise_if_invalid, report_of, summary_of
from atelier.datasets.scan.scan import scan
from atelier.errors import DatasetUnchecked
from atelier.runs.plan import Plan
from atelier.storage import Objects, Stat


@dataclass(frozen=True)
class Validation:
    """The check of one run's datasets."""

    run_id: str
    datasets: tuple[Dataset, ...]
    bucket: str
    objects: Objects

    @classmethod
    def of(cls, plan: Plan, *, run_id: str, bucket: str, objects: Objects) -> Validation:
        """The check of a planned run."""
        return cls(run_id, datasets_of(plan), bucket, objects)

    def begin(self, *, chunk_bytes: int) -> tuple[list[dict[str, Any]], list[int]]:
        """Check what one function can; if that is everything, return `conclude`'s result and no chunks.

        Otherwise return no result, and the numbers of the chunks that other functions check first.
        """
        stats = self._stats()
        etags = [stat.etag if stat else None for stat in stats]
        sizes = {place: stat.size for place, stat in enumerate(stats) if stat}
        chunks = split_into_chunks(sizes, chunk_bytes=chunk_bytes)
        evaluations = {
            place: self._asked(place, etags[place]) for place in sizes if self.datasets[place].is_evaluation
        }
        others = remote_chunks(chunks)
        if not others:
            parts = (self._scanned(chunk, evaluations, etags[chunk.dataset]) for chunk in chunks)
            return self._concluded(chunks, parts), []
        for place, fingerprints in evaluations.items():
            self._write(_fingerprints_name(place), fingerprints.to_json())
        plan = {
            "pieces": [chunk.to_json() for chunk in chunks],
            "evaluations": list(evaluations),
            "etags": etags,
        }
        self._write("plan.json", plan)
        for number, chunk in enumerate(chunks):
            if chunk.is_checked_first:
                self._check(number, chunk, evaluations, etags[chunk.dataset])
        return [], others

    def check_chunk(self, number: int) -> Part:
        """Check one chunk of the plan and store the result for `conclude`."""
        plan = self._read("plan.json")
        chunk = Chunk.from_json(plan["pieces"][number])
        evaluations = {
            place: Fingerprints.from_json(self._read(_fingerprints_name(place)))
            for place in (plan["evaluations"] if self.datasets[chunk.dataset].is_trained_on else ())
        }
        return self._check(number, chunk, evaluations, plan["etags"][chunk.dataset])

    def conclude(self, unchecked: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
        """[{uri, role, rows, bytes}] of every field that names a dataset; the findings are written before.

        InvalidDataset has the first findings of all files. DatasetUnchecked names chunks that could not be
        checked: `unchecked` has {part, error, cause} of each.
        """
        chunks = [Chunk.from_json(chunk) for chunk in self._read("plan.json")["pieces"]]
        if unchecked:
            raise DatasetUnchecked(self._why_unchecked(chunks, unchecked))
        return self._concluded(chunks, (self._read_part(number) for number in range(len(chunks))))

    def _stats(self) -> list[Stat | None]:
        """Size and ETag of each dataset; None for a missing one."""
        stats: list[Stat | None] = []
        for dataset in self.datasets:
            try:
                stats.append(self.objects.stat(dataset.uri))
            except FileNotFoundError:
                stats.append(None)
        return stats

    def _asked(self, place: int, etag: str | None) -> Fingerprints:
        """Fingerprints of an evaluation's questions."""
        evaluation = self.datasets[place]
        with self.objects.open(evaluation.uri, etag=etag) as stream:
            return fingerprints_of(stream, evaluation.format)

    def _scanned(self, chunk: Chunk, evaluations: Mapping[int, Fingerprints], etag: str | None) -> Part:
        dataset = self.datasets[chunk.dataset]
        observers = [
            LeakageObserver(fingerprints, dataset.format, self.datasets[place].label)
            for place, fingerprints in evaluations.items()
            if dataset.is_trained_on
        ]
        # From the byte before, which says whether a line begins at `start`; past `end`, because a line may.
        with self.objects.open(dataset.uri, max(chunk.start - 1, 0), etag=etag) as stream:
            return scan(
                stream,
                dataset.format,
                dataset.requirements,
                file=dataset.label,
                start=chunk.start,
                end=chunk.end,
                observers=observers,
            )

    def _check(
        self, number: int, chunk: Chunk, evaluations: Mapping[int, Fingerprints], etag: str | None
    ) -> Part:
        part = self._scanned(chunk, evaluations, etag)
        self._write(_part_name(number), part.to_json())
        return part

    def _read_part(self, number: int) -> Part:
        return Part.from_json(self._read(_part_name(number)))

    def _concluded(self, chunks: Sequence[Chunk], parts: Iterable[Part]) -> list[dict[str, Any]]:
        by_dataset: dict[int, list[Part]] = {}
        for chunk, part in zip(chunks, parts, strict=True):
            _keep_first(by_dataset.setdefault(chunk.dataset, []), part)
        reports = [report_of(dataset, by_dataset.get(place)) for place, dataset in enumerate(self.datasets)]
        uris = [self._written(*pair) for pair in zip(self.datasets, reports, strict=True)]
        self._write("summary.json", summary_of(self.datasets, reports, uris))
        raise_if_invalid(reports, uris)
        return list(_described(self.datasets, reports))

    def _written(self, dataset: Dataset, report: Report) -> str | None:
        """URI of the dataset's findings; None without findings."""
        if not report.findings:
            return None
        lines = (json.dumps(finding.to_json(), ensure_ascii=False) + "\n" for finding in report.findings)
        uri = self._uri(f"{dataset.fields[0]}.jsonl")
        self.objects.write(uri, "".join(lines).encode(), content_type="application/jsonl")
        return uri

    def _why_unchecked(self, chunks: Sequence[Chunk], unchecked: Sequence[Mapping[str, Any]]) -> str:
        lines = []
        for failed in unchecked:
            chunk = chunks[failed["part"]]
            where = f"{self.datasets[chunk.dataset].label}, bytes {chunk.start:,} to {chunk.end:,}"
            lines.append(f"- {where}: {failed['error']}: {failed['cause']}")
        return "\n".join(
            [f"datasets: {len(lines):,} of {len(chunks):,} parts could not be checked", *lines[:10]]
        )

    def _uri(self, file_name: str) -> str:
        return f"s3://{self.bucket}/{names.validation_key(self.run_id, file_name)}"

    def _read(self, file_name: str) -> Any:
        return json.loads(self.objects.read(self._uri(file_name)))

    def _write(self, file_name: str, document: Any) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self.objects.write(self._uri(file_name), body, content_type="application/json")


def _part_name(number: int) -> str:
    return f"parts/{number}.json"


def _fingerprints_name(place: int) -> str:
    return f"fingerprints/{place}.json"


def _keep_first(parts: list[Part], part: Part) -> None:
    """Add the next part of a file, without findings that a report would not keep: memory stays flat."""
    kept = sum(len(before.findings) for before in parts)
    part.findings = part.findings[: max(FINDINGS_KEPT - kept, 0)]
    parts.append(part)


def _described(datasets: Iterable[Dataset], reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for dataset, report in zip(datasets, reports, strict=True):
        for field in dataset.fields:
            yield {"uri": dataset.uri, "role": field, "rows": report.rows, "bytes": report.bytes}
