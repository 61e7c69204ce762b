// What a run costs: tokens of every block, operations, and how long the steps took when they last ran.

import {number, safe} from "../base/words.js";

export const look = "vw-card";
export const region = "aside";

export function figure(host, {outputs: [output], group}) {
  host.innerHTML = `<h4>${safe(group.title)}</h4><div class="vw-cost sp-wide"></div>`;
  const box = host.querySelector(".vw-cost"),
    took = {}; // stage → ms when it last ran

  function draw({trace}, _, changed) {
    if (changed) return;
    for (const [name, [ms]] of Object.entries(trace.ledger)) if (ms !== null) took[name] = ms;
    const value = trace.values[output.stage];
    if (value && (trace.done || !box.firstChild)) box.innerHTML = table(value, output, took);
  }
  return {draw, lit: () => box};
}

function table(value, {steps, kept: [once, stage]}, took) {
  const {prompts, patches, windows, copies, plain, prompted} = value,
    blocks = patches.map(
      (P, i) =>
        `<tr><td>${i + 1}</td><td>${P}</td><td>${windows[i]}</td><td>${copies[i]}</td><td>+${((100 * copies[i]) / P).toFixed(1)} %</td></tr>`,
    );
  const flops = count => (count >= 1e9 ? `${number(count / 1e9)} G` : `${number(count / 1e6)} M`),
    more = name => (name === "prompted" ? ` (+${(100 * (prompted / plain - 1)).toFixed(1)} %)` : ""),
    ms = name => (name in took ? `${number(took[name])} ms` : "");
  const lines = steps.map(
    ([words, name, from]) =>
      `<tr><td>${safe(words)}${more(name)}</td><td>${flops(value[name])}FLOPs</td><td>${ms(from)}</td></tr>`,
  );
  return (
    `<table><thead><tr><th>block</th><th>patches</th><th>windows V</th><th>N·V copies</th><th>more tokens</th></tr></thead>${blocks.join("")}</table>` +
    `<p class="vw-empty">N = ${prompts} prompts enter; attention reads a copy of each in every window.</p>` +
    `<table><thead><tr><th>step</th><th>operations</th><th>last took</th></tr></thead>${lines.join("")}</table>` +
    (ms(stage) ? `<p class="vw-empty">${safe(once)}: ${ms(stage)}, then kept.</p>` : "")
  );
}
