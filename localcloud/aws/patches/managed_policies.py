"""AWS managed policies that Atelier attaches and MiniStack lacks.

Source: docs.aws.amazon.com/aws-managed-policy/latest/reference.
"""

from __future__ import annotations

import json

from ministack.services import iam

CLUSTER_INSTANCE = "AmazonSageMakerClusterInstanceRolePolicy"
STATEMENTS = {
    CLUSTER_INSTANCE: [
        {
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents", "logs:CreateLogStream", "logs:DescribeLogStreams"],
            "Resource": ["arn:aws:logs:*:*:log-group:/aws/sagemaker/Clusters/*:log-stream:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup"],
            "Resource": ["arn:aws:logs:*:*:log-group:/aws/sagemaker/Clusters/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Clusters"}},
        },
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": ["arn:aws:s3:::sagemaker-*"],
            "Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        },
        {
            "Effect": "Allow",
            "Action": [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": ["*"],
        },
    ]
}


def apply() -> None:
    for name, statements in STATEMENTS.items():
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        record = iam._make_aws_managed_record(name, document)
        iam._aws_managed_policies[record["Arn"]] = record
