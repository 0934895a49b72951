"""`make demo`: the whole pipeline on one machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.chat.chat import one_turn, read_tools
from cli.console import out, wide
from cli.demo import open_weights
from cli.env.cdk import REPOSITORY, run_cdk
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from cli.run.reports import Fetched, fetch, gate_lines, metrics_table, score_of
from cli.run.start import start_run
from cli.run.watch import watch_run
from client.connection import connect
from client.conversation import Conversation
from client.pipeline import PipelineClient
from client.run_file import read_run_file
from config.environments.local import LOCAL
from config.slurm import SlurmOrchestrator
from examples.tool_calling.generate import write
from localcloud.common.home import Home
from localcloud.control import up
from localcloud.slurm.setting import SlurmSetting

EXAMPLE = REPOSITORY / "examples" / "tool_calling"
RUN_FILES = {
    "training-job": EXAMPLE / "sft.yaml",
    "hyperpod-eks": EXAMPLE / "sft-hyperpod-eks.yaml",
    "hyperpod-slurm": EXAMPLE / "sft-hyperpod-slurm.yaml",
}
"""The run that the demo shows, by the platform that it trains on."""

SEED = 1
SHOWN_EXAMPLES = 3


def show(platform: str | None, target: str | None) -> ExitCode:
    """Start the embedded cloud, deploy to it, customize the tiny model on the platform and talk to it."""
    run_file = choose_run_file(platform, target)
    run = read_run_file(run_file)
    pipeline = _deployed_pipeline(run)
    deployment = run.get("deployment", {}).get("name")
    if deployment and pipeline.deployed.remove(deployment):
        out.print(
            f"  {deployment} of an earlier demo is removed: this run starts from the base model again",
            soft_wrap=True,
        )
    run_id = start_run(pipeline, run_file, now=datetime.now(UTC)).run_id
    out.print(f"\n[bold]run {run_id}[/bold]  ({run_file.relative_to(REPOSITORY)})", soft_wrap=True)
    code = watch_run(pipeline, run_id)
    if code is ExitCode.INTERRUPTED:
        return code
    report = fetch(pipeline, run_id)
    show_results(report)
    if code is ExitCode.OK and deployment:
        _talk(pipeline, deployment, report)
    elif code is ExitCode.OK:
        out.print(f"\nmodel: {report.document['stages'][-1]['checkpoint']}", soft_wrap=True)
    out.print(f"\nreport: {report.path}", soft_wrap=True)
    return code


def choose_run_file(platform: str | None, target: str | None) -> Path:
    """The first example that trains on the platform and serves on the target. CommandFailed for none."""
    found = {name: read_run_file(file)["deployment"]["target"] for name, file in RUN_FILES.items()}
    for name, serves_on in found.items():
        if platform in (None, name) and target in (None, serves_on):
            return RUN_FILES[name]
    pairs = ", ".join(f"{name} with {serves_on}" for name, serves_on in found.items())
    options = {"platform": platform, "target": target}
    requested = ", ".join(f"{name} = {value!r}" for name, value in options.items() if value)
    raise CommandFailed(f"{requested}: the demo has {pairs}", ExitCode.INVALID)


def _deployed_pipeline(run: Mapping[str, Any]) -> PipelineClient:
    """The pipeline, deployed with the clusters that the run uses and no others."""
    home = Home.from_environ()
    used = {stage.get("cluster") for stage in run["stages"]}
    clusters = [cluster for cluster in LOCAL.clusters if cluster.name in used]
    if any(isinstance(cluster.orchestrator, SlurmOrchestrator) for cluster in clusters):
        SlurmSetting(home).enable()
    stacks = [LOCAL.stack_name(suffix) for suffix in ("Pipeline", *(cluster.suffix for cluster in clusters))]
    weights = home.base_models / "atelier-tiny"
    with _step("base model and datasets"):
        make_base_model(weights)
        make_datasets()
    with _step("embedded cloud"):
        up()
    with _step(f"cdk deploy of {', '.join(stacks)}"):
        if run_cdk(LOCAL, ["deploy", *stacks], quiet=True):
            raise CommandFailed("cdk deploy failed")
    pipeline = connect(LOCAL.name)
    if run["base_model"] == open_weights.NAME:
        open_weights.publish_open_weights(pipeline, weights)
    return pipeline


def make_base_model(folder: Path) -> None:
    """Make the base model in `folder` unless it exists. CommandFailed with the script's output."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud.trainer.model.make_base", "--out", str(folder)],
        cwd=REPOSITORY,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise CommandFailed(f"the base model could not be made:\n{done.stdout}")


def make_datasets() -> None:
    """The example's datasets, the same bytes every time."""
    folder = EXAMPLE / "data"
    folder.mkdir(exist_ok=True)
    write(folder, seed=SEED)


@contextmanager
def _step(title: str) -> Iterator[None]:
    started = time.monotonic()
    with out.status(title):
        yield
    out.print(f"  {title:28} {time.monotonic() - started:5.1f} s")


def show_results(report: Fetched) -> None:
    """Print the evaluations and the gate; a failure is left out, because `watch_run` printed it."""
    scores = report.document.get("scores") or []
    baseline, candidate = score_of(scores, 0, "baseline"), score_of(scores, 0, "candidate")
    if baseline and candidate:
        out.print("\n[bold]held-out questions, before and after[/bold]")
        wide.print(_examples(baseline, candidate))
        out.print()
        out.print(metrics_table(scores))
    if report.document.get("failure"):
        return
    out.print(f"\n[bold]gate[/bold]: {escape(report.document.get('sentence', ''))}", soft_wrap=True)
    for text in gate_lines(report.document.get("decision") or {}):
        out.print(text, soft_wrap=True)


def _examples(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> Table:
    """The same questions, answered by the base model and by the customized one."""
    after_by_prompt = {example["prompt"]: example for example in candidate["examples"]}
    table = Table.grid(padding=(0, 2))
    shown = [example for example in baseline["examples"] if example["prompt"] in after_by_prompt]
    for before in shown[:SHOWN_EXAMPLES]:
        after = after_by_prompt[before["prompt"]]
        table.add_row("[bold]question[/bold]", before["prompt"])
        table.add_row("[yellow]before[/yellow]", before["inference"])
        table.add_row("[green]after[/green]", after["inference"])
        table.add_row("expected", after["gold"])
        table.add_row()
    return table


def _talk(pipeline: PipelineClient, deployment: str, report: Fetched) -> None:
    candidate = score_of(report.document["scores"], 0, "candidate") or {}
    question = candidate["examples"][-1]["prompt"]
    out.print(f"\n[bold]atelier chat {deployment}[/bold]  (Converse, through the promoted deployment)")
    out.print(f"you > {question}", markup=False)
    conversation = Conversation(
        pipeline.deployed,
        pipeline.deployed.model_id(deployment),
        tool_config=read_tools(EXAMPLE / "tools.json"),
    )
    one_turn(conversation, question)
