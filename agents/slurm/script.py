"""The files by which Slurm runs a job, generated from typed fields.

Header, environment, container and torchrun are those of AWS's launcher for its llmft recipes
(aws/sagemaker-hyperpod-recipes launcher/nemo: stages.py, slurm_launcher.py). Its own are: the time limit, the
signal before it, requeue, and a log that is appended to. Every value is quoted for the shell, although the
bundle's check leaves none that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from shlex import join, quote

from .bundle import Bundle
from .config import Config
from .slurm import COMMENT

SUBMIT, TRAIN, NODE, IMPORT = "submit.sh", "train.sh", "node.sh", "import_image.sh"
LOG, EXIT_CODE = "job.log", "exit_code"
CONFIG_FOLDER, CONFIG_FILE = "config", "config.yaml"
METERING = "metering"


def files(bundle: Bundle, config: Config, *, counts_gpus: bool) -> dict[str, str]:
    """The job's scripts by file name; `submit.sh` is what sbatch gets.

    `counts_gpus`: Slurm hands out the nodes' accelerators, and a step of an exclusive job sees only those
    that the job requested (srun(1), --gres).
    """
    made = {SUBMIT: _lines(_submit(bundle, config, counts_gpus)), TRAIN: _lines(_train(bundle, config))}
    if config.runtime == "enroot":
        made[IMPORT] = _lines(_import_image(bundle, config))
    if config.runtime == "docker":
        made[NODE] = _lines(_docker(bundle, config))
    return made


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _submit(bundle: Bundle, config: Config, counts_gpus: bool) -> Iterator[str]:
    yield "#!/bin/bash"
    for option, value in _options(bundle, config, counts_gpus).items():
        yield f"#SBATCH --{option}={quote(value)}" if value else f"#SBATCH --{option}"
    yield "set -euo pipefail"
    # What Slurm forgets before the agent has seen it: the code that the script itself ended with.
    yield f"rm -f {EXIT_CODE}"
    yield f"""trap 'echo "$SLURM_JOB_ID $?" > {EXIT_CODE}' EXIT"""
    for name, value in _environment(bundle).items():
        yield f"export {name}={quote(value)}"
    yield 'mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")'
    yield 'node=$(scontrol --oneliner show node "${hosts[0]}")'
    yield "[[ $node =~ NodeAddr=([^ ]+) ]]"
    yield "export MASTER_ADDR=${BASH_REMATCH[1]}"
    # Jobs may share a host where nodes are not machines.
    yield "export MASTER_PORT=$((20000 + SLURM_JOB_ID % 10000))"
    if config.runtime == "enroot":
        yield join(["srun", "--nodes=1", "--ntasks=1", "bash", f"{bundle.folder}/{IMPORT}"])
    script = NODE if config.runtime == "docker" else TRAIN
    yield join([*_srun(bundle, config), "bash", f"{bundle.folder}/{script}"])


def _options(bundle: Bundle, config: Config, counts_gpus: bool) -> dict[str, str]:
    options = {
        "job-name": bundle.job,
        "comment": f"{COMMENT}{bundle.job}",
        "partition": bundle.partition,
        "nodes": str(bundle.nodes),
        "ntasks-per-node": "1",
        "exclusive": "",
        "mem": "0",
        "time": str(bundle.time_limit_minutes),
        "chdir": bundle.folder,
        "output": f"{bundle.folder}/{LOG}",
        "open-mode": "append",
        "requeue": "",
        "signal": f"TERM@{_checkpoint_seconds(bundle, config)}",
    }
    if counts_gpus:
        options["gres"] = f"gpu:{bundle.gpus_per_node}"
    return options


def _checkpoint_seconds(bundle: Bundle, config: Config) -> int:
    """Seconds before its time limit at which a job is signalled to save; half of a short limit."""
    return min(round(config.checkpoint_seconds), 30 * bundle.time_limit_minutes)


def _environment(bundle: Bundle) -> dict[str, str]:
    variables = {"NCCL_DEBUG": "WARN"}
    if bundle.nodes > 1:
        if bundle.efa_devices:
            variables["FI_PROVIDER"] = "efa"
        variables |= {
            "NCCL_SOCKET_IFNAME": "^lo,docker0,veth_def_agent",
            "NCCL_IGNORE_DISABLED_P2P": "1",
            "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1",
            "TORCH_DIST_INIT_BARRIER": "1",
            "CUDA_DEVICE_MAX_CONNECTIONS": "1",
        }
    return variables


def _srun(bundle: Bundle, config: Config) -> Iterator[str]:
    yield from ("srun", "--label", "--kill-on-bad-exit=1")
    if config.auto_resume:
        yield "--auto-resume=1"
    if config.runtime == "enroot":
        shared = config.shared_folder
        yield f"--container-image={_squashed(bundle, config)}"
        yield f"--container-mounts={shared}:{shared},{bundle.folder}/{METERING}:/opt/ml/{METERING}"


def _train(bundle: Bundle, config: Config) -> Iterator[str]:
    """What each node runs, in the container where there is one; signals reach the training itself."""
    yield "#!/bin/bash"
    yield "set -euo pipefail"
    arguments = join([f"--config-path={bundle.folder}/{CONFIG_FOLDER}", f"--config-name={CONFIG_FILE}"])
    if config.runtime == "process":
        yield "export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS"
        yield f"exec {join(config.programs[bundle.image])} {arguments}"
        return
    torchrun = f"torchrun --nproc_per_node={max(bundle.gpus_per_node, 1)}"
    if bundle.nodes > 1:
        torchrun += (
            f' --nnodes={bundle.nodes} --rdzv_id="$SLURM_JOB_ID" --rdzv_backend=c10d'
            ' --rdzv_endpoint="$MASTER_ADDR:$MASTER_PORT"'
        )
    yield f"exec {torchrun} -m {quote(bundle.entry_module)} {arguments}"


def _import_image(bundle: Bundle, config: Config) -> Iterator[str]:
    """Make the image's file for enroot, once for all jobs of the cluster; whole or not at all."""
    target = _squashed(bundle, config)
    registry, _, image = bundle.image.partition("/")
    yield "#!/bin/bash"
    yield "set -euo pipefail"
    yield f"image={quote(target)}"
    yield "if [[ -s $image ]]; then exit; fi"
    yield 'mkdir -p "$(dirname "$image")"'
    yield "ENROOT_CONFIG_PATH=$(mktemp -d)"
    yield "export ENROOT_CONFIG_PATH"
    yield """trap 'rm -rf "$ENROOT_CONFIG_PATH" "$image.$SLURM_JOB_ID"' EXIT"""
    yield f"password=$(aws ecr get-login-password --region {quote(config.region)})"
    yield (
        f"""(umask 077; printf 'machine %s login AWS password %s\\n' {quote(registry)} "$password" """
        """> "$ENROOT_CONFIG_PATH/.credentials")"""
    )
    yield f'enroot import --output "$image.$SLURM_JOB_ID" {quote(f"docker://{registry}#{image}")}'
    yield 'mv "$image.$SLURM_JOB_ID" "$image"'


def _squashed(bundle: Bundle, config: Config) -> str:
    name = bundle.image.replace("/", "+").replace(":", "+")
    return str(PurePosixPath(config.shared_folder) / "atelier" / "images" / f"{name}.sqsh")


def _docker(bundle: Bundle, config: Config) -> Iterator[str]:
    """A container on each node, in the foreground: it ends with the job, and the job with it."""
    registry = bundle.image.partition("/")[0]
    shared = config.shared_folder
    yield "#!/bin/bash"
    yield "set -euo pipefail"
    yield f"container={quote(f'{COMMENT[:-1]}-{bundle.job}')}"
    yield (
        f"aws ecr get-login-password --region {quote(config.region)} | "
        f"docker login --username AWS --password-stdin {quote(registry)}"
    )
    yield "devices=()"
    if bundle.efa_devices:
        yield "if [[ -e /dev/gdrdrv ]]; then devices+=(--device=/dev/gdrdrv); fi"
        yield 'for device in /dev/infiniband/uverbs*; do devices+=("--device=$device"); done'
    # What a node that went down has left.
    yield 'docker rm --force "$container" > /dev/null 2>&1 || true'
    yield f"docker pull {quote(bundle.image)}"
    options = [
        *("--rm", "--privileged", "--uts=host", "--ipc=host", "--net=host"),
        *("--ulimit", "stack=67108864", "--ulimit", "memlock=-1", "--security-opt", "seccomp=unconfined"),
        *("--volume", f"{shared}:{shared}", "--entrypoint", "/bin/bash"),
        *(["--gpus", str(bundle.gpus_per_node)] if bundle.gpus_per_node else []),
    ]
    passed = [*_environment(bundle), "MASTER_ADDR", "MASTER_PORT", "SLURM_JOB_ID"]
    environment = " ".join(f"--env {name}" for name in passed)
    script = quote(f"{bundle.folder}/{TRAIN}")
    yield (
        f'docker run --name "$container" {join(options)} {environment} '
        f'${{devices[@]+"${{devices[@]}}"}} {quote(bundle.image)} {script} &'
    )
    yield f"""trap 'docker stop --time {round(config.checkpoint_seconds)} "$container" || true' TERM"""
    # A signal ends `wait` and not the container, whose code is the one that counts.
    yield "while true; do"
    yield "  code=0"
    yield '  wait "$!" || code=$?'
    yield '  if ! kill -0 "$!" 2> /dev/null; then exit "$code"; fi'
    yield "done"
