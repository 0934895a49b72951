"""Performance claims as scripts: each measures ours and a reference in the same run."""
