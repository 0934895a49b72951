"""What a deployed stack can count on: repairs of MiniStack and added resource types, seen from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.embedded_cloud.account import Account, until

FUNCTION = """
import json, os, boto3

class InvalidRun(Exception):
    pass

def handler(event, context):
    what = event.get("do") or event.get("source")
    if what == "refuse":
        raise InvalidRun("name: must not be empty")
    if what == "finish":
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='{"done": true}')
    if what == "aws.events":
        table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
        values = {":one": 1}
        table.update_item(Key={"id": "tick"}, UpdateExpression="ADD n :one", ExpressionAttributeValues=values)
    if what == "atelier.contract":
        raise RuntimeError("every time")
"""
TOKEN = "{% $states.context.Task.Token %}"
WITH_TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"


class Stack:
    """The deployed template, its outputs, and executions of state machines under its role."""

    def __init__(self, account: Account, name: str) -> None:
        self._account = account
        self.name = name
        described = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def run(self, *, role: str = "WorkflowRole", **states: Any) -> dict[str, Any]:
        """The end of an execution of these states, beginning with the first, in a role of the stack."""
        stepfunctions = self._account.client("stepfunctions")
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        machine = stepfunctions.create_state_machine(
            name=self._account.fresh("machine"),
            definition=json.dumps(definition),
            roleArn=self.outputs[role],
        )
        execution = stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]

        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return until(look)

    def task(
        self, do: str, *, token: bool = False, function: str = "Function", **fields: Any
    ) -> dict[str, Any]:
        """A state that invokes a function of the stack."""
        payload = {"do": do, "token": TOKEN} if token else {"do": do}
        return {
            "Type": "Task",
            "Resource": WITH_TOKEN if token else "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": self.outputs[function], "Payload": payload},
            "TimeoutSeconds": 30,
            "End": True,
        } | fields

    def received(self, queue: str) -> str:
        """The body of the first message in a queue of the stack."""
        sqs, url = self._account.client("sqs"), self.outputs[queue]
        return str(until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))[0]["Body"])


@pytest.fixture(scope="module")
def stack(account: Account) -> Iterator[Stack]:
    cloudformation, name = account.client("cloudformation"), account.fresh("stack")
    cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
    )
    status = until(
        lambda: (
            described["StackStatus"]
            if not (described := _described(account, name))["StackStatus"].endswith("IN_PROGRESS")
            else None
        )
    )
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    assert status == "CREATE_COMPLETE", [event.get("ResourceStatusReason") for event in events]
    yield Stack(account, name)
    cloudformation.delete_stack(StackName=name)


def test_a_failed_function_is_caught_by_its_exception_s_class(stack: Stack) -> None:
    catch = {"ErrorEquals": ["InvalidRun"], "Next": "Caught", "Output": "{% $states.errorOutput %}"}
    end = stack.run(JobSpec=stack.task("refuse", Catch=[catch]), Caught={"Type": "Pass", "End": True})
    assert end["status"] == "SUCCEEDED"
    caught = json.loads(end["output"])
    cause = json.loads(caught["Cause"])
    assert (caught["Error"], cause["errorType"]) == ("InvalidRun", "InvalidRun")
    assert cause["errorMessage"] == "name: must not be empty"
    assert "handler" in cause["stackTrace"][0]


def test_a_function_that_fails_while_it_holds_a_token_fails_its_state(stack: Stack) -> None:
    end = stack.run(JobSpec=stack.task("refuse", token=True, TimeoutSeconds=3600))
    assert (end["status"], end["error"]) == ("FAILED", "InvalidRun")


def test_a_token_is_finished_by_the_function_that_holds_it(stack: Stack) -> None:
    end = stack.run(JobSpec=stack.task("finish", token=True))
    assert json.loads(end["output"]) == {"done": True}


def test_finishing_a_token_takes_permission(stack: Stack) -> None:
    end = stack.run(JobSpec=stack.task("finish", token=True, function="Powerless", TimeoutSeconds=5))
    assert end["status"] == "FAILED"
    assert "states:SendTaskSuccess" in end["cause"]


def test_a_state_machine_does_what_its_role_allows_and_no_more(stack: Stack) -> None:
    end = stack.run(JobSpec=stack.task("nothing", function="Forbidden"))
    assert end["error"] == "Lambda.AWSLambdaException"
    assert f"lambda:InvokeFunction on resource: {stack.outputs['Forbidden']}" in end["cause"]
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": stack.outputs["Topic"], "Subject": "Hello", "Message": "there"},
        "End": True,
    }
    assert stack.run(Publish=publish)["status"] == "SUCCEEDED"
    assert json.loads(stack.received("Subscriber"))["Message"] == "there"
    publish["Arguments"] = {"TopicArn": stack.outputs["ForbiddenTopic"], "Message": "there"}
    end = stack.run(Publish=publish)
    assert end["error"] == "SNS.AuthorizationErrorException"
    assert f"sns:Publish on resource: {stack.outputs['ForbiddenTopic']}" in end["cause"]


def mapped(**fields: Any) -> dict[str, Any]:
    """States that set a variable and run a Distributed Map over [1, 2], whose child does `fields`."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Child",
        "States": {"Child": {"Type": "Pass", "End": True, **fields}},
    }
    return {
        "Set": {"Type": "Pass", "Assign": {"wanted": [1, 2]}, "Next": "Map"},
        "Map": {
            "Type": "Map",
            "Items": "{% $wanted %}",
            "ItemSelector": {"number": "{% $states.context.Map.Item.Value * 10 %}"},
            "ItemProcessor": processor,
            "Assign": {"results": "{% $states.result %}"},
            "Next": "Show",
        },
        "Show": {"Type": "Pass", "Output": "{% $results %}", "End": True},
    }


def test_a_distributed_map_takes_its_items_and_their_form_from_jsonata(stack: Stack) -> None:
    end = stack.run(role="MapRole", **mapped(Output="{% $states.input.number + 1 %}"))
    assert json.loads(end["output"]) == [11, 21]


def test_a_child_of_a_distributed_map_is_an_execution_with_its_own_input(stack: Stack) -> None:
    end = stack.run(role="MapRole", **mapped(Output="{% $states.context.Execution.Input %}"))
    assert json.loads(end["output"]) == [{"number": 10}, {"number": 20}]


def test_a_child_of_a_distributed_map_sees_no_variable_of_its_parent(stack: Stack) -> None:
    end = stack.run(role="MapRole", **mapped(Output="{% $exists($wanted) %}"))
    assert json.loads(end["output"]) == [False, False]


def test_a_distributed_map_needs_the_permission_to_start_its_own_machine(stack: Stack) -> None:
    end = stack.run(**mapped())
    assert end["error"] == "States.Permissions"
    assert "not authorized to perform: states:StartExecution on resource: arn:aws:states:" in end["cause"]


def test_an_event_whose_function_keeps_failing_ends_in_the_dead_letter_queue(
    account: Account, stack: Stack
) -> None:
    account.client("events").put_events(
        Entries=[{"Source": "atelier.contract", "DetailType": "x", "Detail": '{"number": 7}'}]
    )
    letter = json.loads(stack.received("DeadLetters"))
    assert letter["requestPayload"]["detail"] == {"number": 7}
    assert letter["responsePayload"]["errorMessage"] == "every time"


def test_a_rule_of_a_minute_fires_every_other_second(account: Account, stack: Stack) -> None:
    table = account.client("dynamodb")
    key = {"id": {"S": "tick"}}

    def ticks() -> int:
        item = table.get_item(TableName=stack.outputs["Table"], Key=key).get("Item")
        return int(item["n"]["N"]) if item else 0

    assert until(lambda: ticks() >= 3)


def test_a_function_is_invoked_by_rules_that_it_permits_only(account: Account, stack: Stack) -> None:
    events = account.client("events")
    name = account.fresh("stranger")
    events.put_rule(Name=name, EventPattern='{"source": ["atelier.stranger"]}')
    events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": stack.outputs["Forbidden"]}])
    events.put_events(Entries=[{"Source": "atelier.stranger", "DetailType": "x", "Detail": "{}"}])
    log = Path(account.cloud.log_file)
    name_of_function = stack.outputs["Forbidden"].rpartition(":")[2]
    refused = f"rule/{name}: function {name_of_function} has no permission for events.amazonaws.com"
    assert until(lambda: refused in log.read_text())


def test_network_resources_are_records_that_ec2_shows(account: Account, stack: Stack) -> None:
    ec2 = account.client("ec2")
    vpc_id = stack.outputs["Vpc"]
    assert stack.outputs["VpcCidr"] == "10.9.0.0/16"
    gateways = ec2.describe_nat_gateways(NatGatewayIds=[stack.outputs["NatGateway"]])["NatGateways"]
    assert [(gateway["VpcId"], gateway["State"]) for gateway in gateways] == [(vpc_id, "available")]
    addresses = ec2.describe_addresses(AllocationIds=[stack.outputs["Allocation"]])["Addresses"]
    assert len(addresses) == 1
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc_id]}])["FlowLogs"]
    assert [log["TrafficType"] for log in logs] == ["REJECT"]
    (group,) = ec2.describe_security_groups(GroupIds=[stack.outputs["Group"]])["SecurityGroups"]
    peers = [
        pair["GroupId"]
        for permission in group["IpPermissions"] + group["IpPermissionsEgress"]
        for pair in permission["UserIdGroupPairs"]
    ]
    assert peers == [group["GroupId"]] * 2


def test_properties_that_change_behaviour_reach_the_service(account: Account, stack: Stack) -> None:
    function = account.client("lambda").get_function(FunctionName=stack.outputs["Function"])
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 5
    table = account.client("dynamodb").describe_time_to_live(TableName=stack.outputs["Table"])
    assert table["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_a_resource_type_that_is_missing_is_refused_by_name(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    body = {"Resources": {"Fleet": {"Type": "AWS::GameLift::Fleet", "Properties": {}}}}
    with pytest.raises(cloudformation.exceptions.ClientError, match="AWS::GameLift::Fleet"):
        cloudformation.create_stack(StackName=account.fresh("stack"), TemplateBody=json.dumps(body))


def _described(account: Account, name: str) -> dict[str, Any]:
    return dict(account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0])


def _get(resource: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, attribute]}


def _ref(resource: str) -> dict[str, str]:
    return {"Ref": resource}


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _role(service: str, *allowed: tuple[list[str], Any]) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    statements = [{"Effect": "Allow", "Action": actions, "Resource": on} for actions, on in allowed]
    policies = [
        {"PolicyName": "allowed", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    ]
    return _resource(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=policies if allowed else [],
    )


def _function(role: str, **properties: Any) -> dict[str, Any]:
    return _resource(
        "Lambda::Function",
        Runtime="python3.13",
        Handler="index.handler",
        Timeout=20,
        Role=_get(role, "Arn"),
        Code={"ZipFile": FUNCTION},
        **properties,
    )


def _permission(function: str, rule: str) -> dict[str, Any]:
    return _resource(
        "Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName=_ref(function),
        Principal="events.amazonaws.com",
        SourceArn=_get(rule, "Arn"),
    )


def template() -> dict[str, Any]:
    """One of everything that the tests above look at."""
    key_actions = ["kms:GenerateDataKey", "kms:Decrypt"]
    everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    to_queue = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    target = [{"Id": "f", "Arn": _get("Function", "Arn")}]
    resources = {
        "Key": _resource("KMS::Key", KeyPolicy={"Version": "2012-10-17", "Statement": [everyone]}),
        "Topic": _resource("SNS::Topic", KmsMasterKeyId=_ref("Key")),
        "ForbiddenTopic": _resource("SNS::Topic"),
        "Subscriber": _resource("SQS::Queue"),
        "SubscriberPolicy": _resource(
            "SQS::QueuePolicy",
            Queues=[_ref("Subscriber")],
            PolicyDocument={"Version": "2012-10-17", "Statement": [to_queue]},
        ),
        "Subscription": _resource(
            "SNS::Subscription", TopicArn=_ref("Topic"), Protocol="sqs", Endpoint=_get("Subscriber", "Arn")
        ),
        "DeadLetters": _resource("SQS::Queue"),
        "Table": _resource(
            "DynamoDB::Table",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
        ),
        "FunctionRole": _role(
            "lambda",
            (["states:SendTaskSuccess"], "*"),
            (["dynamodb:UpdateItem"], _get("Table", "Arn")),
            (["sqs:SendMessage"], _get("DeadLetters", "Arn")),
        ),
        "PowerlessRole": _role("lambda"),
        "WorkflowRole": _role(
            "states",
            (["lambda:InvokeFunction"], [_get("Function", "Arn"), _get("Powerless", "Arn")]),
            (["sns:Publish"], _ref("Topic")),
            (key_actions, _get("Key", "Arn")),
        ),
        "MapRole": _role("states", (["states:StartExecution"], "*")),
        "Function": _function(
            "FunctionRole",
            Environment={"Variables": {"TABLE": _ref("Table")}},
            DeadLetterConfig={"TargetArn": _get("DeadLetters", "Arn")},
            ReservedConcurrentExecutions=5,
        ),
        "Once": _resource(
            "Lambda::EventInvokeConfig",
            FunctionName=_ref("Function"),
            Qualifier="$LATEST",
            MaximumRetryAttempts=0,
        ),
        "Powerless": _function("PowerlessRole"),
        "Forbidden": _function("PowerlessRole"),
        "Rule": _resource("Events::Rule", EventPattern={"source": ["atelier.contract"]}, Targets=target),
        "Minute": _resource("Events::Rule", ScheduleExpression="rate(1 minute)", Targets=target),
        "RulePermission": _permission("Function", "Rule"),
        "MinutePermission": _permission("Function", "Minute"),
        "Vpc": _resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
        "Subnet": _resource("EC2::Subnet", VpcId=_ref("Vpc"), CidrBlock="10.9.0.0/24"),
        "Address": _resource("EC2::EIP", Domain="vpc"),
        "NatGateway": _resource(
            "EC2::NatGateway", SubnetId=_ref("Subnet"), AllocationId=_get("Address", "AllocationId")
        ),
        "FlowLog": _resource(
            "EC2::FlowLog",
            ResourceId=_ref("Vpc"),
            ResourceType="VPC",
            TrafficType="REJECT",
            LogGroupName="flows",
        ),
        "Group": _resource(
            "EC2::SecurityGroup", VpcId=_ref("Vpc"), GroupDescription="every protocol to itself"
        ),
        "In": _resource(
            "EC2::SecurityGroupIngress",
            GroupId=_get("Group", "GroupId"),
            IpProtocol="-1",
            SourceSecurityGroupId=_get("Group", "GroupId"),
        ),
        "Out": _resource(
            "EC2::SecurityGroupEgress",
            GroupId=_get("Group", "GroupId"),
            IpProtocol="-1",
            DestinationSecurityGroupId=_get("Group", "GroupId"),
        ),
    }
    outputs = {
        name: _ref(name) for name in ("Topic", "ForbiddenTopic", "Subscriber", "DeadLetters", "Table", "Vpc")
    }
    with_arn = ("Function", "Powerless", "Forbidden", "WorkflowRole", "MapRole")
    outputs |= {name: _get(name, "Arn") for name in with_arn}
    outputs |= {
        "Allocation": _get("Address", "AllocationId"),
        "Group": _get("Group", "GroupId"),
        "NatGateway": _ref("NatGateway"),
        "VpcCidr": _get("Vpc", "CidrBlock"),
    }
    return {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}
