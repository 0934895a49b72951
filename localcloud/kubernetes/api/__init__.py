"""The API server: what a request may do to the objects, and what it is answered."""
