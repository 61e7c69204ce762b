"""What the features of every stage changed by, as it travels."""

from app.figures.pack import maps16


def pack(output, value, context):
    """{stage: [h, w]} → one entry a stage."""
    return maps16({(stage,): change_hw[None] for stage, change_hw in value.items()})
