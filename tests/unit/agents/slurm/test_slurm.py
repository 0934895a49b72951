"""Slurm's commands: what is asked, and what the answers mean. Answers are those of Slurm 22.05."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agents.slurm.slurm import Seen, Slurm, SlurmDown, SubmissionRefused, SubmissionUnheard, find

WIDTHS = (24, 24, 120, 16, 12, 24, 24, 24, 120, 2000)


class Commands:
    """Answers of Slurm's commands, and what they were asked."""

    def __init__(self, *answers: tuple[int, str, str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, ...]] = []
        self.environ: Mapping[str, str] = {}

    def __call__(
        self, arguments: Sequence[str], environ: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        self.asked.append(tuple(arguments))
        self.environ = environ
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        code, out, said = answer
        return subprocess.CompletedProcess(list(arguments), code, out, said)


def a_row(*values: str) -> str:
    return "".join(value.ljust(width) for value, width in zip(values, WIDTHS, strict=True)) + "\n"


def test_a_job_is_submitted_by_its_script_alone_and_gives_its_number() -> None:
    commands = Commands((0, "17;cluster\n", ""))
    assert Slurm(run=commands, environ={}).submit(Path("/fsx/a b/submit.sh")) == "17"
    assert commands.asked == [("sbatch", "--parsable", "/fsx/a b/submit.sh")]


def test_credentials_and_defaults_of_whoever_started_the_agent_reach_no_job() -> None:
    commands = Commands((0, "1\n", ""))
    environ = {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "x", "SBATCH_PARTITION": "y", "SLURM_CONF": "/etc/s"}
    Slurm(run=commands, environ=environ).submit(Path("x"))
    assert commands.environ == {"PATH": "/bin", "SLURM_CONF": "/etc/s", "SLURM_TIME_FORMAT": "%s"}


@pytest.mark.parametrize(
    "said",
    [
        "sbatch: error: Batch job submission failed: Invalid partition name specified",
        "sbatch: error: Batch job submission failed: Requested node configuration is not available",
        "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy",
    ],
)
def test_what_slurm_will_never_take_is_refused(said: str) -> None:
    with pytest.raises(SubmissionRefused, match=said.rpartition(": ")[2]):
        Slurm(run=Commands((1, "", said)), environ={}).submit(Path("x"))


@pytest.mark.parametrize(
    "answer",
    [
        (
            1,
            "",
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller",
        ),
        (1, "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"),
        (1, "", "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying"),
        FileNotFoundError("sbatch"),
        subprocess.TimeoutExpired("sbatch", 60),
    ],
)
def test_a_controller_that_is_away_may_be_back(answer: tuple[int, str, str] | Exception) -> None:
    with pytest.raises(SlurmDown):
        Slurm(run=Commands(answer), environ={}).submit(Path("x"))


@pytest.mark.parametrize(
    ("said", "is_unheard"),
    [
        ("Batch job submission failed: Unable to contact slurm controller (connect failure)", True),
        ("Slurm temporarily unable to accept job, sleeping and retrying", True),
        ("Batch job submission failed: Unable to contact slurm controller (receive failure)", False),
        ("Batch job submission failed: Socket timed out on send/recv operation", False),
    ],
)
def test_only_what_slurm_cannot_have_heard_is_certain_not_to_be_a_job(said: str, is_unheard: bool) -> None:
    with pytest.raises(SlurmDown) as raised:
        Slurm(run=Commands((1, "", f"sbatch: error: {said}")), environ={}).submit(Path("x"))
    assert isinstance(raised.value, SubmissionUnheard) is is_unheard


def test_jobs_are_found_by_their_comment_and_the_newest_counts_until_its_number_is_known() -> None:
    nodes = "ip-10-1-0-[1-2]"
    rows = [
        a_row("9", "FAILED", "NonZeroExitCode", "1792", "1", "10", "20", "30", "atelier:a-s0", nodes),
        a_row("10", "PENDING", "None", "0", "0", "10", "500", "N/A", "atelier:b-s0", ""),
        a_row("11", "RUNNING", "None", "0", "0", "10", "20", "900", "atelier:a-s0", nodes),
        a_row("12", "RUNNING", "None", "0", "0", "10", "20", "900", "(null)", nodes),
        a_row("13", "CANCELLED", "None", "15", "0", "10", "N/A", "30", "atelier:c-s0", ""),
    ]
    commands = Commands((0, "".join(rows), ""))
    found = Slurm(run=commands, environ={}).jobs()
    first = Seen(
        *("9", "FAILED", "NonZeroExitCode"),
        exit_code=7,
        restarts=1,
        nodes=nodes,
        submitted_at=10,
        started_at=20,
        ended_at=30,
    )
    second = Seen("11", "RUNNING", nodes=nodes, submitted_at=10, started_at=20)
    assert found == [
        ("a-s0", first),
        ("b-s0", Seen("10", "PENDING", submitted_at=10)),
        ("a-s0", second),
        ("c-s0", Seen("13", "CANCELLED", signal=15, submitted_at=10, ended_at=30)),
    ]
    assert find("a-s0", found) == second
    assert find("a-s0", found, job_id="9") == first
    assert find("b-s0", found, job_id="9") is None
    assert commands.asked[0][:5] == ("squeue", "--noheader", "--me", "--all", "--states=all")


def test_an_exit_code_is_read_from_the_status_of_wait_and_from_slurm_s_own_form() -> None:
    rows = [
        a_row("1", "FAILED", "NonZeroExitCode", "1792", "0", "1", "1", "1", "atelier:a-s0", ""),
        a_row("2", "FAILED", "NonZeroExitCode", "7:0", "0", "1", "1", "1", "atelier:b-s0", ""),
        # Signal 9, and a core (128).
        a_row("3", "FAILED", "RaisedSignal:9", "137", "0", "1", "1", "1", "atelier:c-s0", ""),
    ]
    found = Slurm(run=Commands((0, "".join(rows), "")), environ={}).jobs()
    assert [(one.exit_code, one.signal) for _, one in found] == [(7, 0), (7, 0), (0, 9)]


def test_a_queue_that_cannot_be_read_is_no_empty_queue() -> None:
    with pytest.raises(SlurmDown, match="Unable to contact"):
        Slurm(run=Commands((1, "", "slurm_load_jobs error: Unable to contact")), environ={}).jobs()


def test_accounting_tells_of_a_job_that_was_requeued() -> None:
    rows = "NODE_FAIL|0:0|10|20|30|n1\nCOMPLETED|0:0|10|40|90|n2\n"
    seen = Slurm(run=Commands((0, rows, "")), environ={}).accounted("5")
    assert seen == Seen("5", "COMPLETED", restarts=1, nodes="n2", submitted_at=10, started_at=40, ended_at=90)


@pytest.mark.parametrize(
    "answer", [(1, "", "Slurm accounting storage is disabled"), (0, "", ""), FileNotFoundError("sacct")]
)
def test_a_cluster_without_accounting_tells_nothing(answer: tuple[int, str, str] | Exception) -> None:
    assert Slurm(run=Commands(answer), environ={}).accounted("5") is None


def test_a_job_that_has_ended_can_be_cancelled() -> None:
    said = "scancel: error: Kill job error on job id 99: Invalid job id specified"
    Slurm(run=Commands((1, "", said)), environ={}).cancel("99")
    with pytest.raises(SlurmDown):
        Slurm(run=Commands((1, "", "Unable to contact slurm controller")), environ={}).cancel("99")


def test_how_long_slurm_remembers_is_its_own_configuration() -> None:
    for seconds, remembered in ((300, 300), (0, math.inf)):
        shown = f"Configuration data\nMinJobAge               = {seconds} sec\n"
        assert Slurm(run=Commands((0, shown, "")), environ={}).remembers_seconds() == remembered


def test_accelerators_are_counted_where_a_partition_s_nodes_have_them() -> None:
    shown = "".join(
        f"{partition:256}{gres:256}\n"
        for partition, gres in (("dev", "gpu:8"), ("cpu", "(null)"), ("p5", "gpu:h100:8(S:0-1)"))
    )
    slurm = Slurm(run=Commands(*[(0, shown, "")] * 4), environ={})
    assert [slurm.counts_gpus(name) for name in ("dev", "cpu", "p5", "absent")] == [True, False, True, False]
    with pytest.raises(SlurmDown):
        Slurm(run=Commands((1, "", "Unable to contact slurm controller")), environ={}).counts_gpus("dev")
