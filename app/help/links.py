"""Where a method comes from, under its first sentence: the paper, the authors' code at the commit that was read, and what to
cite.

A method says LINKS and CITATION in its lesson; what says none has its paper's words in the BibTeX.
"""

from html import escape

from core.method import Method
from core.methods import lesson
from core.publish.paper import references


def links(method: Method) -> str:
    """As HTML, for page/links.js. Its BibTeX is that of the paper and of this program, and is shown before it is copied."""
    listed = "".join(
        f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(said)}</a>'
        for said, address in lesson(method, "LINKS")
    )
    return (
        f'<div class="from" id="from-{method.name}">{listed}<details><summary>Cite the paper and this project</summary>'
        f'<pre tabindex="0">{escape(references(method))}</pre><button type="button">copy BibTeX</button>'
        '<span role="status"></span></details></div>'
    )
