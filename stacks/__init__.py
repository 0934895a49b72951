"""Units of deployment, by lifetime. A stack wires components; resources and statements are theirs."""
