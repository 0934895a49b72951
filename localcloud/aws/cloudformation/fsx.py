"""AWS::FSx::FileSystem and AWS::FSx::DataRepositoryAssociation, as records of the embedded FSx."""

from __future__ import annotations

from localcloud.aws.cloudformation import handlers
from localcloud.aws.cloudformation.handlers import Created, Properties, perform
from localcloud.aws.services.service import Service


def register_types(service: Service) -> None:
    """Make the types known to MiniStack's CloudFormation. A change of any property replaces."""

    def create_file_system(_logical_id: str, props: Properties, _stack: str) -> Created:
        made = perform(service, "CreateFileSystem", props)["FileSystem"]
        attributes = {"DNSName": made["DNSName"], "ResourceARN": made["ResourceARN"]}
        if "LustreConfiguration" in made:
            attributes["LustreMountName"] = made["LustreConfiguration"]["MountName"]
        else:
            attributes["RootVolumeId"] = made["OpenZFSConfiguration"]["RootVolumeId"]
        return made["FileSystemId"], attributes

    def delete_file_system(physical_id: str, _props: Properties) -> None:
        perform(service, "DeleteFileSystem", {"FileSystemId": physical_id})

    def create_association(_logical_id: str, props: Properties, _stack: str) -> Created:
        made = perform(service, "CreateDataRepositoryAssociation", props)["Association"]
        attributes = {"AssociationId": made["AssociationId"], "ResourceARN": made["ResourceARN"]}
        return made["AssociationId"], attributes

    def delete_association(physical_id: str, _props: Properties) -> None:
        perform(service, "DeleteDataRepositoryAssociation", {"AssociationId": physical_id})

    handlers.register("AWS::FSx::FileSystem", create=create_file_system, delete=delete_file_system)
    handlers.register(
        "AWS::FSx::DataRepositoryAssociation", create=create_association, delete=delete_association
    )
