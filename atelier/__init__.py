"""The domain of Atelier: runs, recipes, evaluation, gates, deployment, operations. Pure: no boto3, no network, no clock."""
