"""The table of runs' slow operations, with an index of open ones."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, aws_dynamodb as dynamodb, aws_kms as kms
from constructs import Construct

from atelier import names
from components.permissions import Grantee, allow, allow_key

OPEN_INDEX = "open"


class OperationsTable(Construct):
    """Rows by `run_id` and `step`, with an index `open`.

    The index has rows whose task token is not finished. Task tokens are stored in it, hence the
    customer-managed key. Rows expire by `expires_at`, seconds since the epoch. The table has no deletion
    protection, which would block the rollback of a failed first deployment. The removal policy retains it,
    and DynamoDB keeps the backup of a deleted table for 35 days.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="run_id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="step", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            removal_policy=removal_policy,
        )
        self.table.add_global_secondary_index(
            index_name=OPEN_INDEX,
            partition_key=dynamodb.Attribute(name="open", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="run_step", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    def grant_record(self, grantee: Grantee) -> None:
        """Record the operations of a run and follow them."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:UpdateItem")

    def grant_read(self, grantee: Grantee) -> None:
        """Read every operation of a run."""
        self._allow(grantee, "dynamodb:Query")

    def grant_release(self, grantee: Grantee) -> None:
        """Write the marker that stops a run, find its operations and close them."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")

    def grant_settle(self, grantee: Grantee) -> None:
        """Find every open operation of every run, and close those that have ended."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        allow(grantee, "dynamodb:Query", on=[f"{self.table.table_arn}/index/{OPEN_INDEX}"])

    def grant_read_pointers(self, grantee: Grantee) -> None:
        """Read which models serve: the partition of pointers."""
        self._allow(grantee, "dynamodb:GetItem", partition=names.POINTERS)

    def grant_move_pointers(self, grantee: Grantee) -> None:
        """Read and change which models serve."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:UpdateItem", partition=names.POINTERS)

    def grant_decide(self, grantee: Grantee) -> None:
        """Read operations, approve or reject a run, and stop it."""
        self.grant_release(grantee)

    def _allow(self, grantee: Grantee, *actions: str, partition: str | None = None) -> None:
        keys = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [partition]}} if partition else None
        allow(grantee, *actions, on=[self.table.table_arn], when=keys)
        # DynamoDB uses the table's key on its caller's behalf.
        allow_key(
            grantee, self._key, "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", through="dynamodb"
        )
