"""The tiny language model of the embedded cloud, on JAX.

It computes on the CPU with one thread: several jobs share few cores, and threads that wait for each other
cost more than they bring at this size. NPROC is what sizes XLA's thread pools when its backend starts; the
flags it documents leave a second thread.
"""

import os

import jax

os.environ.setdefault("NPROC", "1")
jax.config.update("jax_platforms", "cpu")  # type: ignore[no-untyped-call]
