"""How long things take and how much memory they need, on this machine: `python -m tests.bench`."""
