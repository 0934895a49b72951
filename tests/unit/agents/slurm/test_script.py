"""The scripts of a job: AWS's launcher's for llmft, and safe whatever a person called his things.

Golden files hold every runtime on one node and on two. Against AWS's launcher (aws/sagemaker-hyperpod-recipes
launcher/nemo) the header, the environment, the container's options and torchrun's arguments were compared by
hand.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.slurm.bundle import Bundle, parse
from agents.slurm.config import RUNTIMES, Config
from agents.slurm.script import files
from tests.fixtures.golden import assert_golden_text
from tests.fixtures.slurm_jobs import a_config, a_job, a_recipe

GOLDEN = Path(__file__).parent / "golden"
IMAGE = a_job().image
BASH = shutil.which("bash") or "/bin/bash"


def config_of(runtime: str, **changes: Any) -> Config:
    if runtime == "process":
        changes |= {"programs": {IMAGE: ["/opt/python 3", "-m", "train"]}, "auto_resume": False}
    return a_config(runtime=runtime, **changes)


def bundle_of(nodes: int, config: Config) -> Bundle:
    job = a_job(a_recipe(replicas=nodes))
    return parse(job.bundle_bytes(), job=job.name, config=config)


def scripts(runtime: str, nodes: int = 1, *, counts_gpus: bool = False, **changes: Any) -> dict[str, str]:
    config = config_of(runtime, **changes)
    return files(bundle_of(nodes, config), config, counts_gpus=counts_gpus)


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_scripts_are_those_of_the_golden_file(runtime: str, nodes: int) -> None:
    texts = [f"==> {name} <==\n{text}" for name, text in scripts(runtime, nodes).items()]
    assert_golden_text(GOLDEN / f"{runtime}-{nodes}.txt", "\n".join(texts))


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_script_is_bash(runtime: str, nodes: int, tmp_path: Path) -> None:
    for name, text in scripts(runtime, nodes).items():
        (tmp_path / name).write_text(text)
        subprocess.run([BASH, "-n", str(tmp_path / name)], check=True)


def test_what_a_node_is_asked_for_follows_from_the_configuration() -> None:
    submit = scripts("enroot")["submit.sh"]
    assert "--auto-resume=1" in submit
    assert "#SBATCH --gres" not in submit
    assert "--auto-resume" not in scripts("process")["submit.sh"]
    assert "#SBATCH --gres=gpu:4\n" in scripts("enroot", counts_gpus=True)["submit.sh"]
    assert "#SBATCH --signal=TERM@300\n" in scripts("enroot", checkpoint_seconds=300)["submit.sh"]


def test_a_short_job_is_not_told_to_save_when_it_starts() -> None:
    config = config_of("enroot", checkpoint_seconds=300)
    short = replace(bundle_of(1, config), time_limit_minutes=2)
    assert "#SBATCH --signal=TERM@60\n" in files(short, config, counts_gpus=False)["submit.sh"]


def test_a_program_gets_its_arguments_as_they_are(tmp_path: Path) -> None:
    """Run, not read: the script with a folder and a program whose names a shell would take apart."""
    shared = tmp_path / "it costs $HOME (and more)"
    program = shared / "pro gram"
    shared.mkdir()
    program.write_text('#!/bin/bash\nprintf "%s\\n" "$RANK" "$@"\n')
    program.chmod(0o755)
    config = a_config(
        str(shared), runtime="process", mounted_at="/fsx", programs={IMAGE: [str(program), "$(id)", "a  b"]}
    )
    (shared / "train.sh").write_text(files(bundle_of(1, config), config, counts_gpus=False)["train.sh"])
    ran = subprocess.run(
        [BASH, str(shared / "train.sh")],
        env={"SLURM_PROCID": "3", "SLURM_LOCALID": "0", "SLURM_NTASKS": "4", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = f"{shared}/atelier/jobs/{a_job().name}"
    assert ran.stdout.splitlines() == [
        *("3", "$(id)", "a  b"),
        f"--config-path={folder}/config",
        "--config-name=config.yaml",
    ]
