"""Run training jobs as local processes, with the API's states and outputs.

Starting → (Pending behind two others) → Downloading → Training → Uploading → Completed | Failed | Stopped.
A stopped job, or one at its time limit, gets SIGTERM and some time; its output is uploaded.
"""

from __future__ import annotations

import logging
import shutil
import signal
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from localcloud.aws.services.authorization import ServiceRole
from localcloud.aws.services.sagemaker.channels import DownloadFailed, download
from localcloud.aws.services.sagemaker.container import Container, OptMl
from localcloud.aws.services.sagemaker.jobs import Jobs, TrainingJob
from localcloud.aws.services.sagemaker.log_streams import LogStream
from localcloud.common.endpoint import Endpoint
from localcloud.common.escrow import Escrow
from localcloud.common.home import Home
from localcloud.common.processes import kill_group
from localcloud.common.programs import BASE_MODEL, BaseModel, BaseModelMissing, Programs
from localcloud.common.s3_folders import split
from localcloud.common.service_error import ServiceError

logger = logging.getLogger("atelier.cloud")

CONCURRENT_JOBS = 2
DEFAULT_MAX_RUNTIME_SECONDS = 86400
GRACE_SECONDS = 10.0
LOG_SECONDS = 0.2
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
HOST = "algo-1"
BASE_MODEL_PATH = f"{BASE_MODEL}/prod"
MODEL_CHANNEL = "model"  # of a job on open weights, which needs no base model of Nova's


class JobFailed(Exception):
    """The job ends Failed; the message is its FailureReason."""


class JobStopped(Exception):
    """The job ends Stopped, with this secondary status."""


class Runner:
    """Runs jobs in threads of its own, two at a time."""

    def __init__(
        self, home: Home, endpoint: Endpoint, jobs: Jobs, programs: Programs, base_model: BaseModel
    ) -> None:
        self._home = home
        self._endpoint = endpoint
        self._jobs = jobs
        self._programs = programs
        self._base_model = base_model
        self._slots = threading.BoundedSemaphore(CONCURRENT_JOBS)
        self._stops: dict[str, threading.Event] = {}
        self._closing = threading.Event()
        for job in jobs.all():
            if not job.is_terminal:
                self._bury(job)

    def start(self, job: TrainingJob) -> None:
        self._stops[job.arn] = threading.Event()
        threading.Thread(target=self._run, args=(job,), name=f"job-{job.name}", daemon=True).start()

    def stop(self, job: TrainingJob) -> None:
        """Ask the job to end; it is Stopped when its process has gone."""
        self._jobs.advance(job, "Stopping", "Stopping the training job", status="Stopping")
        self._tell(job)

    def close(self) -> None:
        """End every running job with the cloud; jobs cannot be resumed."""
        self._closing.set()
        running = [job for job in self._jobs.all() if not job.is_terminal]
        for job in running:
            self._tell(job)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(not job.is_terminal for job in running) and time.monotonic() < deadline:
            time.sleep(LOG_SECONDS)

    def _tell(self, job: TrainingJob) -> None:
        """Set the job's stop flag; a job that has just ended has none."""
        flag = self._stops.get(job.arn)
        if flag is not None:
            flag.set()

    def _bury(self, job: TrainingJob) -> None:
        """Fail a job that an earlier server left running."""
        if job.process_id is not None:
            kill_group(job.process_id, self._programs.container)
        self._fail(job, "InternalServerError: the embedded cloud ended while the job ran")

    def _run(self, job: TrainingJob) -> None:
        folder = self._home.jobs / job.name
        work = OptMl(folder / "opt" / "ml")
        try:
            with self._slot(job):
                self._work(job, work)
            self._jobs.advance(job, "Completed", "Training job completed", status="Completed")
        except JobStopped as end:
            self._jobs.advance(job, str(end), "Training job stopped", status="Stopped")
        except JobFailed as failure:
            self._fail(job, str(failure))
        except Exception as error:
            logger.exception("training job %s", job.name)
            self._fail(job, f"InternalServerError: {error}")
        finally:
            self._stops.pop(job.arn, None)
            # Weights and data are in S3 by now; the folder would only fill the disk.
            shutil.rmtree(folder, ignore_errors=True)

    def _fail(self, job: TrainingJob, reason: str) -> None:
        job.failure_reason = reason
        self._jobs.advance(job, "Failed", reason, status="Failed")

    def _slot(self, job: TrainingJob) -> _Slot:
        return _Slot(
            self._slots,
            on_wait=lambda: self._jobs.advance(job, "Pending", "Waiting for capacity"),
            give_up=lambda: self._raise_if_stopped(job),
        )

    def _work(self, job: TrainingJob, work: OptMl) -> None:
        role = ServiceRole(job.request["RoleArn"], job.account_id)
        session = role.session("SageMaker", job.region)
        s3 = self._endpoint.client(session, "s3")
        stream = f"{job.name}/{HOST}-{int(time.time())}"
        log = LogStream(self._endpoint.client(session, "logs"), LOG_GROUP, stream)
        self._raise_if_stopped(job)
        self._jobs.advance(job, "Downloading", "Downloading input data")
        shutil.rmtree(work.root, ignore_errors=True)
        work.prepare(job.request)
        self._download(job, work, s3)
        self._raise_if_stopped(job)
        self._jobs.advance(job, "Training", "Training image download completed. Training in progress.")
        ending = self._train(job, work, log)
        if ending is None:
            self._jobs.advance(job, "Uploading", "Uploading generated training model")
        self._upload(job, work, s3)
        if ending is not None:
            raise JobStopped(ending)

    def _download(self, job: TrainingJob, work: OptMl, s3: Any) -> None:
        try:
            for channel in job.request.get("InputDataConfig", []):
                download(channel, work.channel(channel["ChannelName"]), s3, job.request["RoleArn"])
        except DownloadFailed as failure:
            raise JobFailed(str(failure)) from failure
        hyperparameters = job.request.get("HyperParameters", {})
        location = hyperparameters.get("base_model_location")
        if location is not None:
            try:
                self._escrow(job).get(location, work.checkpoint)
            except ServiceError as error:
                raise JobFailed(f"ClientError: base_model_location: {error.message}") from error
        elif work.channel(MODEL_CHANNEL).is_dir():
            return
        elif hyperparameters.get("base_model") != BASE_MODEL_PATH:
            raise JobFailed(
                f"AlgorithmError: base_model {hyperparameters.get('base_model')!r}: "
                f"the embedded cloud only trains {BASE_MODEL_PATH!r}, exit code: 1"
            )
        try:
            self._base_model.folder()
        except BaseModelMissing as error:
            raise JobFailed(f"InternalServerError: {error}") from error

    def _train(self, job: TrainingJob, work: OptMl, log: LogStream) -> str | None:
        """Run the job's process; the secondary status of a stop, or None when it ended by itself."""
        environ = {
            **job.request.get("Environment", {}),
            "TRAINING_JOB_NAME": job.name,
            "SM_ML_ROOT": str(work.root),
            "ATELIER_BASE_MODELS": str(self._home.base_models),
            "ATELIER_ESCROW_URI": self._escrow(job).job_uri(job.name),
        }
        if work.checkpoint.exists():
            environ["ATELIER_CHECKPOINT"] = str(work.checkpoint)
        job.started = time.time()
        container = Container(self._programs.container, environ)
        job.process_id = container.pid
        self._jobs.save(job)
        ending = self._follow(job, container, log)
        if ending is None and container.exit_code != 0:
            message = work.failure.read_text().strip() if work.failure.exists() else ""
            raise JobFailed(f"AlgorithmError: {message}, exit code: {container.exit_code}")
        return ending

    def _follow(self, job: TrainingJob, container: Container, log: LogStream) -> str | None:
        """Ship lines until the process ends; the secondary status of a stop, or None when it ended itself."""
        limit = job.request["StoppingCondition"].get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_SECONDS)
        deadline = time.monotonic() + limit
        ending: str | None = None
        kill_at = 0.0
        while True:
            log.write(container.lines(LOG_SECONDS))
            if container.exit_code is not None:
                break
            now = time.monotonic()
            if ending is None and (self._stops[job.arn].is_set() or now > deadline):
                ending = "Stopped" if self._stops[job.arn].is_set() else "MaxRuntimeExceeded"
                kill_at = now + GRACE_SECONDS
                container.signal(signal.SIGTERM)
            if ending is not None and now > kill_at:
                container.signal(signal.SIGKILL)
        if self._closing.is_set():
            raise JobFailed("InternalServerError: the embedded cloud was stopped while the job ran")
        return ending

    def _upload(self, job: TrainingJob, work: OptMl, s3: Any) -> None:
        self._escrow(job).put(work.escrow, job.name)
        extra = {}
        if job.request["OutputDataConfig"].get("KmsKeyId"):
            extra = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": job.request["OutputDataConfig"]["KmsKeyId"],
            }
        for folder, name in ((work.output_data, "output.tar.gz"), (work.model, "model.tar.gz")):
            if not any(folder.iterdir()):
                continue
            archive = _archive(folder, work.root / name)
            bucket, key = split(f"{job.output_prefix}/{name}")
            try:
                s3.upload_file(str(archive), bucket, key, ExtraArgs=extra)
            except (ClientError, S3UploadFailedError) as error:
                raise JobFailed(f"ClientError: Artifact upload failed: {error}") from error

    def _escrow(self, job: TrainingJob) -> Escrow:
        return Escrow(self._endpoint, job.account_id, job.region)

    def _raise_if_stopped(self, job: TrainingJob) -> None:
        if self._closing.is_set():
            raise JobFailed("InternalServerError: the embedded cloud was stopped before the job ran")
        if self._stops[job.arn].is_set():
            raise JobStopped("Stopped")


class _Slot:
    """A place to run in: reports that it waits, and gives up when the job is stopped."""

    def __init__(
        self, slots: threading.BoundedSemaphore, on_wait: Callable[[], None], give_up: Callable[[], None]
    ) -> None:
        self._slots = slots
        self._on_wait = on_wait
        self._give_up = give_up

    def __enter__(self) -> None:
        if self._slots.acquire(blocking=False):
            return
        self._on_wait()
        while not self._slots.acquire(timeout=LOG_SECONDS):
            self._give_up()

    def __exit__(self, *_: object) -> None:
        self._slots.release()


def _archive(folder: Path, path: Path) -> Path:
    """The folder's contents at the root of a gzipped tar."""
    with tarfile.open(path, "w:gz") as archive:
        for member in sorted(folder.iterdir()):
            archive.add(member, arcname=member.name)
    return path
