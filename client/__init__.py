"""The Python API of a deployed Atelier: runs, decisions, reports, datasets and deployments.

It connects to an environment with the caller's AWS credentials, or to the embedded cloud on this
machine, and has no terminal. The command line and notebooks are built on it:

    from datetime import UTC, datetime
    from pathlib import Path

    from client.connection import connect

    pipeline = connect("dev")
    run = pipeline.prepare(Path("run.yaml"), now=datetime.now(UTC))
    run.start()
    for progress in pipeline.follow(run.run_id):
        print(progress.execution.status, progress.seconds)
    print(pipeline.report(run.run_id).document["sentence"])
"""
