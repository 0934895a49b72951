"""Access entries, add-ons and pod identity associations of EKS: MiniStack has them by API alone."""

from __future__ import annotations

from typing import Any

from ministack.services import eks

from localcloud.aws.cloudformation import handlers
from localcloud.aws.cloudformation.handlers import Created, Properties, call, replaced


def register_types() -> None:
    """Make the types known to MiniStack's CloudFormation."""
    handlers.register(
        "AWS::EKS::AccessEntry", create=_create_entry, update=_update_entry, delete=_delete_entry
    )
    handlers.register("AWS::EKS::Addon", create=_create_add_on, update=_update_add_on, delete=_delete_add_on)
    handlers.register(
        "AWS::EKS::PodIdentityAssociation",
        create=_create_identity,
        update=_update_identity,
        delete=_delete_identity,
    )


def _create_entry(_logical_id: str, props: Properties, _stack: str) -> Created:
    cluster, principal = props["ClusterName"], props["PrincipalArn"]
    entry = call(
        eks._create_access_entry,
        cluster,
        {
            "principalArn": principal,
            "type": props.get("Type", "STANDARD"),
            "kubernetesGroups": props.get("KubernetesGroups", []),
            "username": props.get("Username", ""),
        },
    )["accessEntry"]
    _associate(cluster, principal, props)
    # Ref joins them; neither a name nor an ARN contains the separator.
    return f"{principal}|{cluster}", {"AccessEntryArn": entry["accessEntryArn"]}


def _update_entry(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
    if replaced(old, new, "ClusterName", "PrincipalArn", "Type"):
        return _create_entry("", new, stack)
    cluster, principal = new["ClusterName"], new["PrincipalArn"]
    changes = {
        "kubernetesGroups": new.get("KubernetesGroups", []),
        "username": new.get("Username", ""),
    }
    entry = call(eks._update_access_entry, cluster, principal, changes)["accessEntry"]
    for policy in old.get("AccessPolicies", []):
        call(eks._disassociate_access_policy, cluster, principal, policy["PolicyArn"])
    _associate(cluster, principal, new)
    return physical_id, {"AccessEntryArn": entry["accessEntryArn"]}


def _delete_entry(_physical_id: str, props: Properties) -> None:
    # The cluster may have gone first, and its entries with it.
    if eks._ae_key(props["ClusterName"], props["PrincipalArn"]) in eks._access_entries:
        call(eks._delete_access_entry, props["ClusterName"], props["PrincipalArn"])


def _associate(cluster: str, principal: str, props: Properties) -> None:
    for policy in props.get("AccessPolicies", []):
        scope: dict[str, Any] = {"type": policy["AccessScope"]["Type"]}
        if "Namespaces" in policy["AccessScope"]:
            scope["namespaces"] = policy["AccessScope"]["Namespaces"]
        call(
            eks._associate_access_policy,
            cluster,
            principal,
            {"policyArn": policy["PolicyArn"], "accessScope": scope},
        )


def _create_add_on(_logical_id: str, props: Properties, _stack: str) -> Created:
    body = {"addonName": props["AddonName"], **_add_on_fields(props)}
    add_on = call(eks._create_addon, props["ClusterName"], body)["addon"]
    return f"{props['ClusterName']}|{props['AddonName']}", {"Arn": add_on["addonArn"]}


def _update_add_on(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
    if replaced(old, new, "ClusterName", "AddonName"):
        return _create_add_on("", new, stack)
    cluster, name = new["ClusterName"], new["AddonName"]
    call(eks._update_addon, cluster, name, _add_on_fields(new))
    return physical_id, {"Arn": call(eks._describe_addon, cluster, name)["addon"]["addonArn"]}


def _add_on_fields(props: Properties) -> dict[str, Any]:
    names = {
        "addonVersion": "AddonVersion",
        "serviceAccountRoleArn": "ServiceAccountRoleArn",
        "configurationValues": "ConfigurationValues",
    }
    return {field: props[name] for field, name in names.items() if name in props}


def _delete_add_on(_physical_id: str, props: Properties) -> None:
    if f"{props['ClusterName']}/{props['AddonName']}" in eks._addons:
        call(eks._delete_addon, props["ClusterName"], props["AddonName"])


def _create_identity(_logical_id: str, props: Properties, _stack: str) -> Created:
    body = {
        "namespace": props["Namespace"],
        "serviceAccount": props["ServiceAccount"],
        "roleArn": props["RoleArn"],
    }
    made = call(eks._create_pod_identity_association, props["ClusterName"], body)["association"]
    return made["associationArn"], {
        "AssociationArn": made["associationArn"],
        "AssociationId": made["associationId"],
    }


def _update_identity(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
    if replaced(old, new, "ClusterName", "Namespace", "ServiceAccount"):
        return _create_identity("", new, stack)
    identifier = physical_id.rpartition("/")[2]
    changes = {"roleArn": new["RoleArn"]}
    call(eks._update_pod_identity_association, new["ClusterName"], identifier, changes)
    return physical_id, {"AssociationArn": physical_id, "AssociationId": identifier}


def _delete_identity(physical_id: str, props: Properties) -> None:
    identifier = physical_id.rpartition("/")[2]
    if eks._pia_key(props["ClusterName"], identifier) in eks._pod_identity_associations:
        call(eks._delete_pod_identity_association, props["ClusterName"], identifier)
