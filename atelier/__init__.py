"""The domain of Atelier: runs, recipes, evaluation, gates, deployment, operations. Pure.

No boto3, no network, no clock: tests/unit/atelier/test_purity.py walks the imports.
"""
