"""The pipeline stack: everything that moves a run down the line. It holds no data that cannot be made again."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from constructs import Construct

from components.alarms import Alarms
from components.custom_models import CustomModels
from components.customization_workflow import CustomizationWorkflow
from components.handlers import Handlers
from components.notice_topic import NoticeTopic
from components.operations_table import OperationsTable
from components.operator_policy import OperatorPolicy
from components.retention import retention
from components.settlement import Settlement
from components.training_jobs import TrainingJobs
from config.model import Environment
from lambdas.settings import Settings
from stacks.network import NetworkStack
from stacks.storage import StorageStack


class PipelineStack(Stack):
    """The operations table, the functions, the workflow, what settles its waits, and what tells people."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        network: NetworkStack,
        storage: StorageStack,
        data_removal: RemovalPolicy,
    ) -> None:
        super().__init__(
            scope, construct_id, env={"account": environment.account, "region": environment.region}
        )
        bucket, key = storage.bucket, storage.key
        log_retention = retention(environment.log_retention_days)
        operations = OperationsTable(self, "Operations", key=key, removal_policy=data_removal)
        notices = NoticeTopic(self, "Notices", key=key, addresses=environment.notify)
        jobs = TrainingJobs(self, "TrainingJobs", bucket=bucket, security_group=network.security_group)
        models = CustomModels(self, "CustomModels", key=key)
        settings = Settings(
            environment=environment.name,
            region=environment.region,
            bucket=bucket.bucket.bucket_name,
            operations_table=operations.table.table_name,
            topic_arn=notices.topic.topic_arn,
            key_arn=key.key_arn,
            training_role_arn=jobs.role.role_arn,
            model_role_arn=models.role.role_arn,
            subnet_ids=tuple(network.subnet_ids),
            security_group_ids=(network.security_group.security_group_id,),
        )
        handlers = Handlers(
            self,
            "Handlers",
            platform=environment.functions,
            environ=settings.to_environ(),
            key=key,
            log_retention=log_retention,
        )

        validate_run = handlers.function("ValidateRun")

        validate_datasets = handlers.function(
            "ValidateDatasets", timeout=Duration.minutes(15), memory_mib=1024
        )
        bucket.grant_read_datasets(validate_datasets)

        find_baseline = handlers.function("FindBaseline")
        bucket.grant_read_models(find_baseline)
        models.grant_read(find_baseline)

        submit_training_job = handlers.function("SubmitTrainingJob")
        submit_evaluation = handlers.function("SubmitEvaluation")
        for submit in (submit_training_job, submit_evaluation):
            operations.grant_record(submit)
            bucket.grant_write_recipes(submit)
            jobs.grant_submit(submit)

        read_checkpoint = handlers.function("ReadCheckpoint")
        bucket.grant_read_training_output(read_checkpoint)

        read_metrics = handlers.function("ReadMetrics")
        bucket.grant_read_evaluation_output(read_metrics)

        decide_gate = handlers.function("DecideGate")

        await_approval = handlers.function("AwaitApproval")
        operations.grant_record(await_approval)
        notices.grant_publish(await_approval)

        register_model = handlers.function("RegisterModel")
        bucket.grant_write_models(register_model)

        create_model = handlers.function("CreateModel")
        operations.grant_record(create_model)
        models.grant_create(create_model)

        deploy = handlers.function("Deploy")
        operations.grant_record(deploy)
        models.grant_deploy(deploy)

        smoke_test = handlers.function("SmokeTest", timeout=Duration.minutes(10))
        bucket.grant_read_datasets(smoke_test)
        models.grant_converse(smoke_test)

        promote = handlers.function("Promote")
        operations.grant_record(promote)
        models.grant_deploy(promote)
        models.grant_switch(promote)

        retire_candidate = handlers.function("RetireCandidate")
        models.grant_delete_deployments(retire_candidate)

        roll_back = handlers.function("RollBack", timeout=Duration.minutes(5))
        release_run = handlers.function("ReleaseRun", timeout=Duration.minutes(5))
        for undo in (roll_back, release_run):
            operations.grant_release(undo)
            jobs.grant_stop(undo)
            models.grant_switch(undo)
            models.grant_delete_deployments(undo)
            models.grant_delete_models(undo)

        publish_report = handlers.function("PublishReport", timeout=Duration.minutes(5), memory_mib=1024)
        bucket.grant_write_reports(publish_report)
        jobs.grant_read_logs(publish_report)

        settlement = Settlement(self, "Settlement", handlers=handlers)
        settle = settlement.function
        operations.grant_settle(settle)
        jobs.grant_submit(settle)
        jobs.grant_stop(settle)
        models.grant_create(settle)
        models.grant_deploy(settle)
        models.grant_switch(settle)
        models.grant_delete_deployments(settle)
        models.grant_delete_models(settle)
        notices.grant_publish(settle)

        workflow = CustomizationWorkflow(
            self,
            "CustomizationWorkflow",
            functions={
                function.node.id: function
                for function in (
                    validate_run, validate_datasets, find_baseline, submit_training_job, read_checkpoint, submit_evaluation,
                    read_metrics, decide_gate, await_approval, register_model, create_model, deploy, smoke_test, promote,
                    retire_candidate, roll_back, release_run, publish_report,
                )
            },
            notices=notices,
            key=key,
            log_retention=log_retention,
        )  # fmt: skip
        workflow.grant_finish_tokens(settle)

        Alarms(self, "Alarms", workflow=workflow, settlement=settlement, notices=notices)
        operators = OperatorPolicy(self, "Operators")
        bucket.grant_submit_runs(operators)
        operations.grant_decide(operators)
        workflow.grant_operate(operators)
        jobs.grant_read_logs(operators)
        models.grant_converse(operators)
        settlement.grant_hint(operators)

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "OperationsTableName", value=operations.table.table_name)
        CfnOutput(self, "SettleFunctionName", value=settle.function_name)
        CfnOutput(self, "BucketName", value=bucket.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=notices.topic.topic_arn)
