"""The HTML of a page that needs no server. Its policy lets it ask its own host for files, and nobody else for anything."""

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src blob:; manifest-src 'self'"
)
TEXTS = """<label class="site-texts" for="site-texts">Texts, one a line</label>
<textarea id="site-texts" rows="4" spellcheck="false"></textarea>"""
PAGE = (
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content=\""""
    + POLICY
    + """\">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><link rel="stylesheet" href="{look}"><link rel="modulepreload" href="{module}">
</head><body class="site">
<header><h1>{title}</h1><nav aria-label="Methods">{links}</nav>
<p>{sentence} Move a knob: everything follows, in this browser; nothing is sent anywhere.</p>
<div class="teach"><span id="site-offer" class="tour-offer" hidden>New here? <button type="button">Take the tour</button></span>
<button id="site-tour" class="tour-open" type="button" title="a few steps (t)">Tour</button>
<button id="site-glossary" type="button" title="what words mean (g)">Glossary</button></div></header>
<main class="site-main">
<div class="site-left" id="viewer-{method}"><div id="site-notes" class="site-notes" role="status" hidden></div>
<div id="site-viewer"></div>
<div id="site-take" class="site-take" role="group" aria-label="Save what is shown"></div>
<div id="site-folds"></div><div id="site-kept" class="nb"></div></div>
<div class="site-right">
<p id="site-state" role="status">The networks are on their way. What is shown was computed before.</p>
<div id="site-presets" class="site-presets" role="group" aria-label="Presets"></div>
<p id="site-look" class="site-look" role="status"></p>
<form id="site-knobs" class="site-knobs" aria-label="Knobs"></form>
{texts}
<div id="site-own"></div>
</div></main>
<footer>
<details><summary>Where the paper is silent: our readings</summary><ul>{readings}</ul><p>{paper}</p></details>
<details><summary>What is not here</summary><p>{left}</p>
<p>These methods need Python, and are not on this page: {without}.</p></details>
<p>Networks run by {runtime} (MIT, © Microsoft; <a href="{licences}/LICENSE">licence</a>,
<a href="{licences}/ThirdPartyNotices.txt">third parties</a>).</p>
</footer>
<script id="payload" type="application/json">{payload}</script>
<script type="module" src="{start}"></script>
</body></html>
"""
)
