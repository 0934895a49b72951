"""Datasets, recipes, job outputs and reports: one bucket whose prefixes are the unit of permission."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from atelier import names
from atelier.platforms.slurm import naming as slurm
from components.permissions import Grantee, allow, allow_key, arn_in, policy_owner

# Objects as policies name them: of every run, of every step.
DATASETS = f"{names.DATASETS_PREFIX}*"
HUB_RECIPES = f"{names.HUB_RECIPES_PREFIX}*"
BASE_MODELS = f"{names.BASE_MODELS_PREFIX}*"
RUNS = f"{names.RUNS_PREFIX}*"
RUN_FILES = names.run_key("*")
RECIPES = names.recipe_key("*", "*")
PLANS = names.plan_key("*")
TRAINING_OUTPUT = f"{names.training_output_prefix('*')}*"
EVALUATION_OUTPUT = f"{names.evaluation_output_prefix('*')}*"
CERTIFICATES = f"{names.CERTIFICATES_PREFIX}*"
LIFECYCLE_SCRIPTS = f"{names.LIFECYCLE_PREFIX}*"
MODEL_RECORDS = names.model_record_key("*")
REPORTS = names.report_key("*", "*")
VALIDATION = names.validation_key("*", "*")
PREFIXES = "S3 permissions end at a prefix; object names below it are not known before a run"


class ArtifactBucket(Construct):
    """Versioned, private, TLS only, encrypted, with access logs. Layout: docs/architecture.md, "Objects"."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            # S3 delivers access logs only to a bucket under its own key, never under a customer-managed one.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(365), noncurrent_version_expiration=Duration.days(30)
                )
            ],
            removal_policy=removal_policy,
        )
        self.bucket = s3.Bucket(
            self,
            "Artifacts",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="artifacts/",
            removal_policy=removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="IncompleteUploads", abort_incomplete_multipart_upload_after=Duration.days(7)
                ),
                s3.LifecycleRule(id="OldVersions", noncurrent_version_expiration=Duration.days(90)),
                s3.LifecycleRule(
                    id="ColdRuns",
                    prefix=names.RUNS_PREFIX,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                            transition_after=Duration.days(30),
                        )
                    ],
                ),
            ],
        )
        # The property, not `event_bridge_enabled`: that one adds a function that only sets this property.
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )

    def grant_read_datasets(self, grantee: Grantee) -> None:
        """Read what people uploaded."""
        self._read(grantee, DATASETS)

    def grant_read_validation(self, grantee: Grantee) -> None:
        """Read what was found in datasets, and what the functions that look leave for each other."""
        self._read(grantee, VALIDATION)

    def grant_write_validation(self, grantee: Grantee) -> None:
        """Write what was found in datasets, or a part of it."""
        self._write(grantee, VALIDATION)

    def grant_read_models(self, grantee: Grantee) -> None:
        """Read the records that tie custom models to their checkpoints."""
        self._read(grantee, MODEL_RECORDS)

    def grant_write_models(self, grantee: Grantee) -> None:
        """Write the record of a model."""
        self._write(grantee, MODEL_RECORDS)

    def grant_read_hub_recipes(self, grantee: Grantee) -> None:
        """Read the recipes of AWS's hub that runs were started with."""
        self._read(grantee, HUB_RECIPES)

    def grant_read_plans(self, grantee: Grantee) -> None:
        """Read the plans of runs."""
        self._read(grantee, PLANS)

    def grant_write_plans(self, grantee: Grantee) -> None:
        """Write the plan of a run."""
        self._write(grantee, PLANS)

    def grant_write_recipes(self, grantee: Grantee) -> None:
        """Write the rendered recipes of a run's steps."""
        self._write(grantee, RECIPES)

    def grant_read_training_output(self, grantee: Grantee) -> None:
        """Read what training jobs left: the manifest that names the checkpoint."""
        self._read(grantee, TRAINING_OUTPUT)

    def grant_read_evaluation_output(self, grantee: Grantee) -> None:
        """Read what evaluation jobs left: metrics and single answers."""
        self._read(grantee, EVALUATION_OUTPUT)

    def grant_write_reports(self, grantee: Grantee) -> None:
        """Write a run's report, and read the recipes that it shows."""
        self._write(grantee, REPORTS)
        self._read(grantee, RECIPES)

    def grant_publish_lifecycle_scripts(self, grantee: Grantee) -> None:
        """Write and remove the scripts that cluster nodes run when they are made."""
        self._write(grantee, LIFECYCLE_SCRIPTS)
        self._remove(grantee, LIFECYCLE_SCRIPTS, because="Scripts are named by their content")

    def grant_serve(self, grantee: Grantee) -> None:
        """Read the models that a cluster serves: base models, and what runs made of them."""
        self._read(grantee, BASE_MODELS, TRAINING_OUTPUT)

    def grant_keep_certificates(self, grantee: Grantee) -> None:
        """Write, read and remove the certificates of models' endpoints."""
        self._read(grantee, CERTIFICATES)
        self._write(grantee, CERTIFICATES)
        self._remove(grantee, CERTIFICATES, because="The operator names the certificates itself")

    def grant_read_lifecycle_scripts(self, grantee: Grantee) -> None:
        """Read them, on a node."""
        self._read(grantee, LIFECYCLE_SCRIPTS)

    def grant_submit_runs(self, grantee: Grantee) -> None:
        """What a person needs who uploads datasets and run files, and reads everything that came of them."""
        self._write(grantee, DATASETS, HUB_RECIPES, RUN_FILES)
        self._read(grantee, DATASETS, HUB_RECIPES, RUNS)

    def grant_train(self, grantee: Grantee) -> None:
        """What SageMaker needs under a job's role: read data, recipes and open weights, write outputs.

        Open weights are a base model's, or those that the stage before left.
        """
        self._read(grantee, DATASETS, RECIPES, BASE_MODELS, TRAINING_OUTPUT)
        self._write(grantee, TRAINING_OUTPUT, EVALUATION_OUTPUT)
        self._satisfy_sagemaker(grantee)

    def grant_replace_outputs(self, grantee: Grantee) -> None:
        """Read again and remove what a job has written, beside writing it.

        Nova's containers on HyperPod want it of their output (awsome-distributed-ai, hyperpod-eks-tf,
        rig_mode); versions of what they remove stay.
        """
        self._read(grantee, EVALUATION_OUTPUT)
        for prefix in (TRAINING_OUTPUT, EVALUATION_OUTPUT):
            self._remove(grantee, prefix, because="A job names its own files below its run's prefix")

    def grant_submit_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """Tell a Slurm cluster's agent that a job is wanted or no longer is, and read what became of it."""
        wanted = slurm.bundle_key(cluster, "*")
        self.grant_follow_slurm_jobs(grantee, cluster)
        self._read(grantee, wanted)
        self._write(grantee, wanted)
        self._remove(grantee, wanted, because="Objects are named by their job")

    def grant_follow_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """Read what a Slurm cluster's agent says of its jobs and of itself."""
        self._read(
            grantee,
            slurm.status_key(cluster, "*"),
            slurm.log_key(cluster, "*"),
            slurm.heartbeat_key(cluster),
        )

    def grant_read_slurm_heartbeat(self, grantee: Grantee, cluster: str) -> None:
        """Read whether a Slurm cluster's agent is at work."""
        self._read(grantee, slurm.heartbeat_key(cluster))

    def grant_run_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """What a Slurm cluster's agent does: fetch what jobs read, tell of them, keep what they made."""
        wanted = slurm.bundle_key(cluster, "*")
        told = (slurm.status_key(cluster, "*"), slurm.log_key(cluster, "*"), slurm.heartbeat_key(cluster))
        self._read(grantee, wanted, *told, DATASETS, BASE_MODELS, TRAINING_OUTPUT)
        self._write(grantee, *told, TRAINING_OUTPUT)
        self._remove(grantee, wanted, because="Objects are named by their job")

    def grant_distil(self, grantee: Grantee) -> None:
        """What AWS's distillation container does in the bucket that its recipe names.

        Nothing says below which prefix it leaves the prompts and answers of its batch inference.
        """
        self._read(grantee, "*")
        self._write(grantee, "*")
        self._satisfy_sagemaker(grantee)
        allow(grantee, "kms:DescribeKey", on=[self._key.key_arn])

    def _satisfy_sagemaker(self, grantee: Grantee) -> None:
        """SageMaker's own demands on the role of a job that names a key for its output.

        Docs: "SageMaker AI Roles", CreateTrainingJob; whether it encrypts by S3 or by itself they do not say.
        """
        allow(grantee, "s3:GetBucketLocation", on=[self.bucket.bucket_arn])
        allow(grantee, "kms:Encrypt", on=[self._key.key_arn])

    def _read(self, grantee: Grantee, *prefixes: str) -> None:
        # Without ListBucket S3 answers 403 for a missing object: "missing" would look like "forbidden".
        allow(grantee, "s3:ListBucket", on=[self.bucket.bucket_arn])
        allow(
            grantee,
            "s3:GetObject",
            on=[self._objects(grantee, prefix) for prefix in prefixes],
            because=PREFIXES,
        )
        allow_key(grantee, self._key, "kms:Decrypt", through="s3")

    def _write(self, grantee: Grantee, *prefixes: str) -> None:
        allow(
            grantee,
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            on=[self._objects(grantee, prefix) for prefix in prefixes],
            because=PREFIXES,
        )
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="s3")

    def _remove(self, grantee: Grantee, prefix: str, *, because: str) -> None:
        allow(grantee, "s3:DeleteObject", on=[self._objects(grantee, prefix)], because=because)

    def _objects(self, grantee: Grantee, prefix: str) -> str:
        return f"{arn_in(policy_owner(grantee), owner=Stack.of(self), arn=self.bucket.bucket_arn)}/{prefix}"
