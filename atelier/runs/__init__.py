"""The run file: what a person asks the pipeline to do."""
