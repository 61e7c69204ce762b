// What the tab is made of, before anything is known of a run.

export const NARROW = 720; // pixels: below it, one column

export const LAYOUT = `
<section class="vw-fold er" aria-label="Errors: a run, clip by clip">
  <div class="er-top">
    <label class="er-runs">run <select name="run"></select></label>
    <label>A <select name="a"></select></label><label class="er-second">B <select name="b"></select></label>
    <button type="button" class="er-swap" title="A and B in each other's place (a)">swap</button>
    <p class="er-said" role="status"></p>
    <span class="er-views" role="group" aria-label="View"><button type="button" data-view="table" title="t">table</button><button type="button" data-view="gallery" title="g">gallery</button><button type="button" data-view="map" title="m">map</button></span>
  </div>
  <p class="er-wrong" role="alert" hidden></p>
  <div class="er-flips" hidden></div>
  <div class="er-main">
    <details class="er-left" open><summary>Filters</summary>
      <div class="er-chips"></div>
      <input class="er-find" type="search" placeholder="letters of a clip's name (/)" aria-label="Letters of a clip's name">
      <div class="er-slices"></div>
      <details class="er-choose"><summary>columns and histograms</summary><div></div></details>
      <div class="er-facets"></div>
    </details>
    <div class="er-mid">
      <details class="er-confused"><summary>Confusion: what is taken for what</summary><div></div></details>
      <details class="er-bins"><summary>Detection: what kind of error, and what each costs</summary><div></div></details>
      <details class="er-modes"><summary>Failure modes: what failures share, tested on clips it was not found on</summary><div></div></details>
      <div class="er-rows" tabindex="-1"></div>
      <div class="er-pages"><button type="button" data-to="-1">before</button><span></span><button type="button" data-to="1">next</button></div>
      <p class="er-dim er-keys"><kbd>j</kbd> <kbd>k</kbd> next, before · <kbd>Enter</kbd> on the stage · <kbd>x</kbd> choose · <kbd>1</kbd>–<kbd>9</kbd> tag · <kbd>n</kbd> note · <kbd>g</kbd> <kbd>t</kbd> <kbd>m</kbd> gallery, table, map · <kbd>a</kbd> swap · <kbd>/</kbd> find · <kbd>u</kbd> undo</p>
      <details class="er-take"><summary>Export: these clips as a table, notebook, figure, for FiftyOne or Embedding Atlas</summary><div></div></details>
      <details class="er-try"><summary>What if: turn a knob on the chosen clips</summary><div></div></details>
    </div>
    <aside class="er-right" aria-label="The clip"><p class="er-dim">Choose a clip: click it, or press j.</p></aside>
  </div>
</section>`;
