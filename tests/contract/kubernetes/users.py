"""The users of the tests' cluster, by their tokens; both sides know them."""

ADMINISTRATOR = "administrator"
SUBMITTER = "submitter"
