"""Custom resources of CloudFormation: what it has no type for, as plain functions (ADR 0071)."""
