"""Files come and go under the prefix that names them."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.resources.custom_resource import Done, Request
from lambdas.resources.publish_files import Files

PROPERTIES = {"Bucket": "artifacts", "Prefix": "lifecycle/c/1/", "Files": {"b.sh": "two", "a.sh": "one"}}


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_the_prefix_is_the_resource(kind: str) -> None:
    s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(s3) as stub:
        for name, text in (("a.sh", b"one"), ("b.sh", b"two")):
            where = {"Bucket": "artifacts", "Key": f"lifecycle/c/1/{name}"}
            if kind == "Delete":
                stub.add_response("delete_object", {}, where)
            else:
                stub.add_response("put_object", {}, where | {"Body": text})
        assert Files(s3).publish(Request(kind, PROPERTIES, "id", {}, "token")) == Done("lifecycle/c/1/")
        stub.assert_no_pending_responses()
