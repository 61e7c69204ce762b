// What the folds under a viewer ask a server elsewhere, answered in this browser. The names are those of app/panels; each answers
// a JSON text, with an error's sentence in it.
//
//   serverOf({panels, edits, clips, sweep})      panels: {name: what its fold is told};   edits, clips, sweep: of those modules

import {keyOf} from "./answers.js";

export function serverOf({panels, edits, clips, sweep}) {
  const said = work => async request => {
    try {
      return JSON.stringify(await work(request));
    } catch (wrong) {
      return JSON.stringify({error: wrong.message});
    }
  };

  return {
    own: async name => JSON.stringify(panels[name].own),
    edited_clip: said(async ({values}) => {
      const list = edits.checked(JSON.parse(values.edits)),
        {clip} = await clips.found(keyOf({...values, edits: JSON.stringify(list)}));
      return {
        edits: list,
        words: list.map(edits.words),
        frames: clip.frames,
        width: clip.width,
        height: clip.height,
        source: clip.source,
        truth: !!clip.truth,
      };
    }),
    sweep_values: said(async ({values, knob}) => ({
      values: sweep.values(knob, (await clips.found(keyOf(values))).clip.time.length),
    })),
    sweep_run: said(({sweep: asked, ...request}) => sweep.run(request, asked)),
  };
}
