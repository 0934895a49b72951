"""The gate: does the candidate pass, rule by rule, against fixed bars and against what serves now."""
