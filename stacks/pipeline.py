"""The pipeline stack: the workflow of runs, its functions and its operations table."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.function_factory import FunctionFactory
from components.notice_topic import NoticeTopic
from components.operations_table import OperationsTable
from components.operator_policy import OperatorPolicy
from components.pipeline.alarms import Alarms
from components.pipeline.cluster_clients import ClusterClients
from components.pipeline.customization_workflow import CustomizationWorkflow
from components.pipeline.settlement import Settlement
from components.pipeline.training_jobs import TrainingJobs
from components.pipeline.workflow_functions import WorkflowFunctions
from components.retention import retention
from components.targets.custom_models import CustomModels
from components.targets.imported_models import ImportedModels
from components.targets.serving_targets import ServingTargets
from config.job_clusters import job_clusters
from config.model import Environment
from lambdas.settings import Settings
from stacks.network import NetworkStack
from stacks.storage import StorageStack


class PipelineStack(Stack):
    """Operations table, functions, workflow, settlement, notices and alarms."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        network: NetworkStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(
            scope, construct_id, env={"account": environment.account, "region": environment.region}
        )
        bucket, key = storage.bucket, storage.key
        log_retention = retention(environment.log_retention_days)
        operations = OperationsTable(self, "Operations", key=key, removal_policy=storage.data_removal)
        notices = NoticeTopic(self, "Notices", key=key, addresses=environment.notify)
        jobs = TrainingJobs(self, "TrainingJobs", bucket=bucket, security_group=network.security_group)
        self.cluster_clients = ClusterClients(
            self,
            "ClusterClients",
            environment=environment,
            bucket=bucket,
            key=key,
            vpc=network.vpc,
            subnet_ids=network.subnet_ids,
            endpoint_group=network.endpoint_group,
        )
        custom_models = CustomModels(self, "CustomModels", key=key)
        imported_models = ImportedModels(
            self,
            "ImportedModels",
            bucket=bucket,
            key=key,
            operations=operations,
            environment_name=environment.name,
        )
        targets = ServingTargets((custom_models, imported_models))
        settings = Settings(
            environment=environment.name,
            region=environment.region,
            bucket=bucket.bucket.bucket_name,
            operations_table=operations.table.table_name,
            topic_arn=notices.topic.topic_arn,
            key_arn=key.key_arn,
            training_role_arn=jobs.role.role_arn,
            distillation_role_arn=jobs.distillation_role.role_arn,
            model_role_arn=custom_models.role.role_arn,
            import_role_arn=imported_models.role.role_arn,
            imported_models_quota=environment.imported_models_quota,
            dataset_part_bytes=environment.dataset_part_bytes,
            clusters=job_clusters(environment, bucket=bucket.bucket.bucket_name),
            subnet_ids=tuple(network.subnet_ids),
            security_group_ids=(network.security_group.security_group_id,),
        )
        functions = FunctionFactory(
            self,
            "Handlers",
            platform=environment.functions,
            environ=settings.to_environ(),
            key=key,
            log_retention=log_retention,
        )

        workflow_functions = WorkflowFunctions(
            functions=functions,
            bucket=bucket,
            operations=operations,
            jobs=jobs,
            clusters=self.cluster_clients,
            targets=targets,
            notices=notices,
        )
        workflow = CustomizationWorkflow(
            self,
            "CustomizationWorkflow",
            functions=workflow_functions.by_state,
            notices=notices,
            key=key,
            log_retention=log_retention,
        )
        settlement = Settlement(
            self,
            "Settlement",
            functions=functions,
            operations=operations,
            jobs=jobs,
            clusters=self.cluster_clients,
            targets=targets,
            notices=notices,
        )
        workflow.grant_finish_tokens(settlement.function)
        Alarms(self, "Alarms", workflow=workflow, settlement=settlement, notices=notices)

        operators = OperatorPolicy(
            self, "Operators", description="Start, approve, stop and read runs of Atelier"
        )
        bucket.grant_submit_runs(operators)
        operations.grant_decide(operators)
        workflow.grant_operate(operators)
        settlement.grant_wake(operators)
        jobs.grant_follow(operators)
        self.cluster_clients.grant_follow(operators)
        targets.grant_chat(operators)

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "OperationsTableName", value=operations.table.table_name)
        CfnOutput(self, "SettleFunctionName", value=settlement.function.function_name)
        CfnOutput(self, "BucketName", value=bucket.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=notices.topic.topic_arn)
