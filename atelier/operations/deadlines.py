"""How long operations may take, in seconds; jobs have theirs in the run file.

The workflow's own timeouts lie above these. Bedrock gives no figures: the SageMaker SDK
waits an hour for a custom model and for a deployment, so twice that is late.
"""

from __future__ import annotations

APPROVAL = 7 * 24 * 3600
CUSTOM_MODEL = 2 * 3600
DEPLOYMENT = 2 * 3600
PROMOTION = 2 * 3600
