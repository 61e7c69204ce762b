"""Prompts' maps of every block as they travel: shares of all attention that is given."""

from app.figures.pack import maps16


def pack(output, value, context):
    """{(stage, block): [Q, h, w]} → one entry a block."""
    return maps16(value)
