"""Function PublishFiles: small files of the repository, in the bucket under a prefix of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from lambdas.resources.custom_resource import Context, Done, Request, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def handler(event: dict[str, Any], context: Context) -> None:
    """Custom resource {Bucket, Prefix, Files: {name: text}} → nothing; its id is the prefix.

    A change of the files is a change of the prefix, which their content names: CloudFormation then deletes
    the old id after the new one stands, and nodes never see half of each.
    """
    files = Files(boto3.client("s3"))
    run(event, context, files.publish)


class Files:
    """Writes and removes the files."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def publish(self, request: Request) -> Done:
        """All files at once; again is the same."""
        bucket, prefix = request.properties["Bucket"], request.properties["Prefix"]
        for name, text in sorted(request.properties["Files"].items()):
            if request.kind == "Delete":
                self._s3.delete_object(Bucket=bucket, Key=f"{prefix}{name}")
            else:
                self._s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=text.encode())
        return Done(prefix)
