// A method's stages in the browser: each runs once for what it reads, as core/graph.py runs them in Python.
//
//   const run = grapher(nodes, scripts, graphs, memory)
//   const {values, ms} = await run(sources, wanted, {cancelled, progress})
//
// nodes     [{makes, reads, graph, inputs, outputs, each}] in an order in which they can run: see core/browser/plan.py
// scripts   {stage: ({what it reads}) → its result} of those whose graph is ""
// graphs    async (graph, {what it reads}, names of results that are read) → {name: result}
// memory    what results are remembered in: one of `memoryOf()`, for one graph of stages or several
// sources   {name: {value, key}}: knobs, frames, texts, constants. A key tells a value from every other of its name
// values    of every stage that was needed for `wanted`; ms: of those that ran this time
//
// A result's key is made of its stage and the keys of what that reads, so that nothing can be forgotten. A discrete result
// (a mask, counts, words) is known by what it holds: a knob that changes no count re-runs nothing below the counts.

const ROOM = 96 << 20, // bytes of results that are remembered
  SMALL = 1 << 15; // of one that is known by what it holds: a mask of 32 frames × 1,024 patches

export class Cancelled extends Error {}

// What several graphs of stages share: results by their keys, the least recently used first
export function memoryOf() {
  const known = new Map(), // key → {results: {name: {value, key}}, bytes}
    keys = new Map(); // text → a short key
  let held = 0;
  return {
    busy: new Map(), // key → a run that is under way
    short(text) {
      if (!keys.has(text)) keys.set(text, `k${keys.size}`);
      return keys.get(text);
    },
    get(key) {
      const found = known.get(key);
      if (!found) return null;
      known.delete(key);
      known.set(key, found);
      return found.results;
    },
    put(key, results) {
      const bytes = Object.values(results).reduce((sum, one) => sum + sizeOf(one.value), 0);
      held += bytes - (known.get(key)?.bytes ?? 0);
      known.set(key, {results, bytes});
      for (const [old, one] of known) {
        if (held <= ROOM || old === key) break;
        known.delete(old);
        held -= one.bytes;
      }
    },
  };
}

export function grapher(nodes, scripts, graphs, {busy, short, get, put} = memoryOf()) {
  const read = new Set(nodes.flatMap(node => node.reads));

  // a graph has names of its own for what it reads and makes, for it may run more than once
  async function through(node, given, wanted) {
    const own = name => node.outputs[node.makes.indexOf(name)],
      read = Object.fromEntries(node.inputs.map((name, i) => [name, given[node.reads[i]]])),
      run = changed => graphs(node.graph, {...read, ...changed}, wanted.map(own));
    let made;
    if (node.each) {
      const rows = [];
      for (const row of rowsOf(read[node.each])) rows.push(await run({[node.each]: row}));
      made = stacked(rows);
    } else made = await run({});
    return Object.fromEntries(wanted.map(name => [name, made[own(name)]]));
  }

  async function made(node, key, given, wanted) {
    const results = node.graph ? await through(node, given, wanted) : {[node.makes[0]]: scripts[node.makes[0]](given)};
    const told = {};
    for (const [name, value] of Object.entries(results)) {
      const content = contentOf(value);
      told[name] = {value, key: short(content === null ? `${key}.${name}` : `= ${content}`)};
    }
    put(key, told);
    return told;
  }

  return async function run(sources, wanted, {cancelled = () => false, progress = () => {}} = {}) {
    const there = {...sources},
      ms = {},
      asked = new Set(wanted);
    const needed = [];
    for (const node of nodes.toReversed()) {
      if (!node.makes.some(name => asked.has(name))) continue;
      for (const name of node.reads) asked.add(name);
      needed.unshift(node);
    }
    for (const node of needed) {
      const missing = node.reads.find(name => !(name in there));
      if (missing) throw new Error(`${node.makes[0]} reads ${missing}, which is not there.`);
      const key = short(`${node.graph}:${node.makes.join()}(${node.reads.map(name => there[name].key).join()})`),
        names = node.makes.filter(name => read.has(name) || wanted.includes(name)),
        found = get(key);
      if (found && names.every(name => name in found)) {
        Object.assign(there, found);
        continue;
      }
      if (cancelled()) throw new Cancelled(`Called off before ${node.makes[0]}.`);
      progress(node.makes[0]);
      const began = performance.now(),
        given = Object.fromEntries(node.reads.map(name => [name, there[name].value]));
      if (!busy.has(key))
        busy.set(
          key,
          made(node, key, given, names).finally(() => busy.delete(key)),
        );
      Object.assign(there, await busy.get(key));
      for (const name of names) ms[name] = name === names[0] ? performance.now() - began : 0;
    }
    const values = Object.fromEntries(
      needed.flatMap(node => node.makes.filter(name => name in there).map(name => [name, there[name].value])),
    );
    return {values, ms};
  };
}

// A text that tells a small discrete result from every other; null for anything else
function contentOf(value) {
  const held = value?.data ?? value;
  if (held instanceof Uint8Array || held instanceof BigInt64Array || held instanceof Int32Array)
    return held.byteLength <= SMALL ? `${value.dims}:${held.join()}` : null;
  const plain = Array.isArray(held) && held.every(one => typeof one === "string" || Number.isInteger(one));
  return plain && held.length ? JSON.stringify(held) : null;
}

// a tensor's parts along its first dimension, each with numbers of its own
function rowsOf({data, dims: [n, ...rest]}) {
  const size = data.length / n;
  return Array.from({length: n}, (_, i) => ({data: data.slice(i * size, (i + 1) * size), dims: rest}));
}

// [{name: result}] → {name: all of them as one}; of a result that has parts, part by part
function stacked(rows) {
  const [first] = rows;
  if (!first.data) return Object.fromEntries(Object.keys(first).map(name => [name, stacked(rows.map(row => row[name]))]));
  const data = new first.data.constructor(rows.length * first.data.length);
  rows.forEach((row, i) => data.set(row.data, i * first.data.length));
  return {data, dims: [rows.length, ...first.dims]};
}

// bytes; of a result that has parts, those of all of them
const sizeOf = value =>
  value?.data?.byteLength ??
  value?.byteLength ??
  (value?.constructor === Object ? Object.values(value).reduce((sum, one) => sum + sizeOf(one), 64) : 64);
