// What a video itself knows the answer of, to be asked by a click.
//
// host: an element that is filled, or hidden where nothing is known or nobody can ask

import {safe} from "./words.js";

export function offer(host, {clip, trace}, {hooks}) {
  const asked = [...new Set((clip.questions ?? []).map(([text]) => text))];
  host.hidden = !asked.length || !hooks.write;
  if (host.hidden) return;
  host.innerHTML = `This video knows the answer of: ${asked.map(text => `<button type="button" aria-pressed="${text === trace.question}">${safe(text)}</button>`).join(" ")}`;
  [...host.querySelectorAll("button")].forEach((button, i) => {
    button.onclick = () => hooks.write(asked[i]);
  });
}
