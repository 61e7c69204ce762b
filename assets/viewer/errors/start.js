// Runs that are started from the page: on a folder that the command line named, or one more setting of the run that is shown.
// A process of its own measures them, so closing the page ends none; how far it is is asked while it goes on.

import {make} from "../base/parts.js";
import {text} from "./cells.js";

const FORM = `
<details class="er-start"><summary>Start a run</summary><form class="er-form">
  <label>clips of <select name="data"></select></label><label>method <select name="method"></select></label>
  <span class="er-edits" role="group" aria-label="The same clip, also"></span><button>measure them</button>
</form></details>
<p class="er-going" role="status" hidden><progress max="1"></progress> <span></span> <button type="button">stop</button></p>`;
const LOOK = 1500; // milliseconds between two looks at a run that goes on
export const STARTED = "er-started"; // an event of any part of the tab: detail is the run's name

export async function startOf(root, server) {
  const ask = async (name, more = {}) => {
    const answer = await server[name](more).catch(() => null);
    return typeof answer === "string" ? JSON.parse(answer) : {error: "The server did not answer."};
  };
  const known = await ask("startable");
  if (known.error) return;
  const box = make("div", {class: "er-starts"});
  box.innerHTML = FORM;
  root.querySelector(".er-top").after(box);
  const form = box.querySelector("form"),
    going = box.querySelector(".er-going"),
    field = name => form.querySelector(`[name=${name}]`),
    option = (value, said) => Object.assign(text("option", said), {value});
  box.querySelector("details").hidden = !known.data.length;
  field("data").append(...known.data.map(name => option(name, name)));
  field("method").append(...known.methods.map(one => option(one.name, one.title)));
  form.querySelector(".er-edits").append(
    "also: ",
    ...known.edits.map(name => {
      const label = make("label");
      label.append(make("input", {type: "checkbox", value: name}), ` ${name}`);
      return label;
    }),
  );
  let shown = "",
    seen = 0;

  const say = (words, far = null) => {
    going.hidden = !words;
    going.querySelector("span").textContent = words;
    const bar = going.querySelector("progress");
    bar.hidden = going.querySelector("button").hidden = far === null;
    if (far) bar.value = far;
    else bar.removeAttribute("value");
  };

  async function follow(run) {
    shown = run;
    const found = await ask("started", {run});
    if (shown !== run) return;
    if (found.error || found.wrong) return say(`${run}: ${found.error ?? found.wrong}`);
    if (found.state === "ended") {
      look(run);
      return say(found.called_off ? `${run} was stopped; the same again goes on.` : "");
    }
    const left = found.eta ? `, about ${Math.ceil(found.eta)} s to go` : "";
    if (found.state === "loading" || !found.clips) say(`${run}: the clips are listed and the networks loaded…`, 0);
    else say(`${run}: first ${found.done} of ${found.clips}${left}`, found.done / found.clips);
    const shard = Math.floor((found.done ?? 0) / 64); // rows come a shard at a time
    if (shard !== seen) look(run);
    seen = shard;
    setTimeout(() => follow(run), LOOK);
  }

  // The run is looked at anew, or for the first time
  function look(run) {
    const select = root.querySelector(".er-top [name=run]");
    if (select.value === run) return void root.querySelector(".er-top [name=a]").onchange();
    if (![...select.options].some(one => one.value === run)) select.append(option(run, run));
    select.value = run;
    select.onchange();
  }

  form.onsubmit = async event => {
    event.preventDefault();
    const edits = [...form.querySelectorAll(".er-edits input:checked")].map(one => one.value),
      found = await ask("start", {data: field("data").value, method: field("method").value, edits});
    if (found.error) return say(found.error);
    follow(found.run);
  };
  going.querySelector("button").onclick = () => ask("start_end", {run: shown});
  root.addEventListener(STARTED, event => follow(event.detail));
  if (known.running) follow(known.running);
}
