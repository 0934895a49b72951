"""The bucket of datasets, recipes, job outputs and reports; permissions are granted by prefix."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack, aws_kms as kms, aws_s3 as s3
from constructs import Construct

from atelier import names
from atelier.platforms.slurm import naming as slurm
from components.permissions import Grantee, allow, allow_key, arn_in, policy_owner

# Patterns of object keys for policies: every run and every step.
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
    """Versioned, private, TLS-only, encrypted bucket with access logs.

    Layout: docs/architecture.md, "Objects".
    """

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
        # `event_bridge_enabled` would add a function whose only purpose is to set this property.
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )

    def grant_read_datasets(self, grantee: Grantee) -> None:
        """Read uploaded datasets."""
        self._read(grantee, DATASETS)

    def grant_read_validation(self, grantee: Grantee) -> None:
        """Read findings of dataset checks, including those of single parts."""
        self._read(grantee, VALIDATION)

    def grant_write_validation(self, grantee: Grantee) -> None:
        """Write findings of dataset checks."""
        self._write(grantee, VALIDATION)

    def grant_read_models(self, grantee: Grantee) -> None:
        """Read the records that link custom models to their checkpoints."""
        self._read(grantee, MODEL_RECORDS)

    def grant_write_models(self, grantee: Grantee) -> None:
        """Write the record of a model."""
        self._write(grantee, MODEL_RECORDS)

    def grant_read_hub_recipes(self, grantee: Grantee) -> None:
        """Read the SageMaker hub recipes with which runs were started."""
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
        """Read training output: the manifest that names the checkpoint."""
        self._read(grantee, TRAINING_OUTPUT)

    def grant_read_evaluation_output(self, grantee: Grantee) -> None:
        """Read evaluation output: metrics and single answers."""
        self._read(grantee, EVALUATION_OUTPUT)

    def grant_write_reports(self, grantee: Grantee) -> None:
        """Write reports, and read the recipes that they show."""
        self._write(grantee, REPORTS)
        self._read(grantee, RECIPES)

    def grant_publish_lifecycle_scripts(self, grantee: Grantee) -> None:
        """Write and remove the lifecycle scripts of cluster nodes."""
        self._write(grantee, LIFECYCLE_SCRIPTS)
        self._remove(grantee, LIFECYCLE_SCRIPTS, because="Scripts are named by their content")

    def grant_serve(self, grantee: Grantee) -> None:
        """Read the models that a cluster serves: base models and trained ones."""
        self._read(grantee, BASE_MODELS, TRAINING_OUTPUT)

    def grant_keep_certificates(self, grantee: Grantee) -> None:
        """Write, read and remove the certificates of model endpoints."""
        self._read(grantee, CERTIFICATES)
        self._write(grantee, CERTIFICATES)
        self._remove(grantee, CERTIFICATES, because="The operator names the certificates itself")

    def grant_read_lifecycle_scripts(self, grantee: Grantee) -> None:
        """Read lifecycle scripts, from a node."""
        self._read(grantee, LIFECYCLE_SCRIPTS)

    def grant_submit_runs(self, grantee: Grantee) -> None:
        """Upload datasets and run files, and read everything that runs produce."""
        self._write(grantee, DATASETS, HUB_RECIPES, RUN_FILES)
        self._read(grantee, DATASETS, HUB_RECIPES, RUNS)

    def grant_train(self, grantee: Grantee) -> None:
        """Read data, recipes and open weights, and write outputs, as a job's role in SageMaker.

        Open weights come from a base model or from the previous stage.
        """
        self._read(grantee, DATASETS, RECIPES, BASE_MODELS, TRAINING_OUTPUT)
        self._write(grantee, TRAINING_OUTPUT, EVALUATION_OUTPUT)
        self._satisfy_sagemaker(grantee)

    def grant_replace_outputs(self, grantee: Grantee) -> None:
        """Read and remove a job's own output, in addition to writing it.

        Nova's containers on HyperPod require it (awsome-distributed-ai, hyperpod-eks-tf, rig_mode). Older
        versions of removed objects stay.
        """
        self._read(grantee, EVALUATION_OUTPUT)
        for prefix in (TRAINING_OUTPUT, EVALUATION_OUTPUT):
            self._remove(grantee, prefix, because="A job names its own files below its run's prefix")

    def grant_submit_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """Submit and cancel jobs through a Slurm cluster's agent, and read their status."""
        bundles = slurm.bundle_key(cluster, "*")
        self.grant_follow_slurm_jobs(grantee, cluster)
        self._read(grantee, bundles)
        self._write(grantee, bundles)
        self._remove(grantee, bundles, because="Objects are named by their job")

    def grant_follow_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """Read job status, logs and the heartbeat that a Slurm cluster's agent writes."""
        self._read(
            grantee,
            slurm.status_key(cluster, "*"),
            slurm.log_key(cluster, "*"),
            slurm.heartbeat_key(cluster),
        )

    def grant_read_slurm_heartbeat(self, grantee: Grantee, cluster: str) -> None:
        """Read the heartbeat of a Slurm cluster's agent."""
        self._read(grantee, slurm.heartbeat_key(cluster))

    def grant_run_slurm_jobs(self, grantee: Grantee, cluster: str) -> None:
        """Read job inputs, and write status, logs and output, as a Slurm cluster's agent."""
        bundles = slurm.bundle_key(cluster, "*")
        reports = (slurm.status_key(cluster, "*"), slurm.log_key(cluster, "*"), slurm.heartbeat_key(cluster))
        self._read(grantee, bundles, *reports, DATASETS, BASE_MODELS, TRAINING_OUTPUT)
        self._write(grantee, *reports, TRAINING_OUTPUT)
        self._remove(grantee, bundles, because="Objects are named by their job")

    def grant_distil(self, grantee: Grantee) -> None:
        """Read and write the whole bucket, as AWS's distillation container.

        AWS does not document the prefix of the prompts and answers of its batch inference.
        """
        self._read(grantee, "*")
        self._write(grantee, "*")
        self._satisfy_sagemaker(grantee)
        allow(grantee, "kms:DescribeKey", on=[self._key.key_arn])

    def _satisfy_sagemaker(self, grantee: Grantee) -> None:
        """Allow what SageMaker requires of a job's role when the job names a key for its output.

        Docs: "SageMaker AI Roles", CreateTrainingJob. They do not say whether SageMaker or S3 encrypts.
        """
        allow(grantee, "s3:GetBucketLocation", on=[self.bucket.bucket_arn])
        allow(grantee, "kms:Encrypt", on=[self._key.key_arn])

    def _read(self, grantee: Grantee, *prefixes: str) -> None:
        # Without ListBucket, S3 answers 403 for a missing object instead of 404.
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
