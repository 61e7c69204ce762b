"""Facts as they travel: numbers, or with the sentence that tells them."""

from app.figures.pack import plain


def pack(output, value, context):
    """words: the sentence, {} where a number stands."""
    numbers = plain(output, value, context)
    return numbers if output.words is None else {"value": numbers, "words": output.words(context.knobs)}
