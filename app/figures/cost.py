"""What a run costs, as it travels."""

from dataclasses import asdict


def pack(output, value, context):
    """Whole numbers by name."""
    return asdict(value)
