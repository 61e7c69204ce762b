// What a run costs: tokens of every block, operations, and how long the steps took when they last ran.

import {number, safe} from "../base/words.js";

export function figure(host, {outputs: [output]}) {
  host.innerHTML = `<div class="vw-card"><h4>What it costs</h4><div class="vw-cost sp-wide"></div></div>`;
  const box = host.querySelector(".vw-cost"),
    took = {}; // stage → ms when it last ran

  function draw({trace}) {
    for (const [name, [ms]] of Object.entries(trace.ledger)) if (ms !== null) took[name] = ms;
    const value = trace.values[output.stage];
    if (value && (trace.done || !box.firstChild)) box.innerHTML = table(value, took);
  }
  return {draw, lit: () => box};
}

function table({prompts, patches, windows, copies, steps, once}, took) {
  const blocks = patches.map(
    (P, i) =>
      `<tr><td>${i + 1}</td><td>${P}</td><td>${windows[i]}</td><td>${copies[i]}</td><td>+${((100 * copies[i]) / P).toFixed(1)} %</td></tr>`,
  );
  const flops = value => (value >= 1e9 ? `${number(value / 1e9)} G` : `${number(value / 1e6)} M`),
    ms = name => (name in took ? `${number(took[name])} ms` : "");
  const more = (value, than) => (than ? ` (+${(100 * (value / than - 1)).toFixed(1)} %)` : "");
  const lines = steps.map(
    one =>
      `<tr><td>${safe(one.said)}${more(one.flops, one.than)}</td><td>${flops(one.flops)}FLOPs</td><td>${ms(one.stage)}</td></tr>`,
  );
  return (
    `<table><thead><tr><th>block</th><th>patches</th><th>windows V</th><th>N·V copies</th><th>more tokens</th></tr></thead>${blocks.join("")}</table>` +
    `<p class="vw-empty">N = ${prompts} prompts enter; attention reads a copy of each in every window.</p>` +
    `<table><thead><tr><th>step</th><th>operations</th><th>last took</th></tr></thead>${lines.join("")}</table>` +
    `${ms(once.stage) ? `<p class="vw-empty">${safe(once.said)}: ${ms(once.stage)}, then kept.</p>` : ""}`
  );
}
