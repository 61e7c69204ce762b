// The networks, in a thread of their own: ONNX Runtime Web loads each graph once and runs it when it is asked.
//
//   {base, runtime: {script, binary}, graphs: [{graph, model, weights, first}]}   once; all paths are from base. first: whether it
//   is loaded before it is asked for
//   {id, graph, given: {name: {data, dims}}, wanted: [name]}   →   {id, results: {name: {data, dims}}} or {id, error}. A result
//   that has parts is {part: {data, dims}}; the graph calls each “name.part”, as core/browser/parts.py has it
//   →   {loaded: bytes, of: bytes} while files arrive,  {threads} when the runtime is there,  {ready} when every graph is
//
// Files may be packed by gzip, whatever a host says of them: their first two bytes tell. Of the numbers of a graph, which are in
// files called .bin, the even bytes travel before the odd: see app/site/build.py.

const files = new Map(), // path → a promise of its bytes
  sessions = new Map(); // graph → a promise of its session
let ort = null,
  begun = null,
  told = {loaded: 0, of: 0};

// From what this browser has kept, else from the host: the names tell the content, so nothing is asked for twice
async function answerOf(url) {
  const kept = "caches" in self ? await caches.open("networks").catch(() => null) : null,
    found = await kept?.match(url);
  if (found) return found;
  const answer = await fetch(url);
  if (answer.ok) await kept?.put(url, answer.clone()).catch(() => {}); // a full disk is no reason to stop
  return answer;
}

async function bytesOf(base, path) {
  const answer = await answerOf(new URL(path, base).href);
  if (!answer.ok) throw new Error(`${path} did not arrive (${answer.status}).`);
  const raw = new Uint8Array(await answer.arrayBuffer());
  told.loaded += raw.length;
  postMessage(told);
  const whole = path.endsWith(".bin.gz") ? woven : bytes => bytes;
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return whole(raw);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return whole(new Uint8Array(await new Response(stream).arrayBuffer()));
}

function woven(planes) {
  const half = planes.length / 2,
    made = new Uint8Array(planes.length);
  for (let i = 0; i < half; i++) {
    made[2 * i] = planes[i];
    made[2 * i + 1] = planes[half + i];
  }
  return made;
}

function begin({base, runtime, graphs, bytes}) {
  told = {loaded: 0, of: bytes};
  const fetched = path => {
    if (!files.has(path)) files.set(path, bytesOf(base, path));
    return files.get(path);
  };
  const there = (async () => {
    const [made, binary] = await Promise.all([import(new URL(runtime.script, base).href), fetched(runtime.binary)]);
    ort = made;
    ort.env.wasm.wasmBinary = binary;
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
    ort.env.logLevel = "error";
    postMessage({threads: ort.env.wasm.numThreads});
  })();
  begun = name => {
    const one = graphs.find(each => each.graph === name);
    if (!one) throw new Error(`There is no graph ${name}.`);
    if (!sessions.has(name)) {
      const parts = [one.model, ...one.weights].map(fetched);
      sessions.set(
        name,
        Promise.all([...parts, there]).then(([model, ...rest]) =>
          ort.InferenceSession.create(model, {
            executionProviders: ["wasm"],
            externalData: one.weights.map((path, i) => ({path: path.split("/").pop().replace(/\.gz$/, ""), data: rest[i]})),
          }),
        ),
      );
    }
    return sessions.get(name);
  };
  // in the order in which they are needed, so that maps are there before similarities
  const first = graphs.filter(one => one.first);
  first
    .reduce((before, one) => before.then(() => begun(one.graph)), there)
    .then(() => postMessage({ready: true}))
    .catch(wrong => postMessage({error: String(wrong)}));
  for (const one of first) for (const path of [one.model, ...one.weights]) fetched(path);
}

// A tensor of what a graph reads; a number, a truth value or a row of numbers becomes one of the type that the graph asks for
const KINDS = {
  float32: values => Float32Array.from(values),
  int64: values => BigInt64Array.from(values, BigInt),
  bool: values => Uint8Array.from(values, Number),
};
function tensorOf(given, type) {
  if (given?.data) return new ort.Tensor(type, given.data, given.dims);
  const row = Array.isArray(given);
  return new ort.Tensor(type, KINDS[type](row ? given : [given]), row ? [given.length] : []);
}

const headOf = name => name.split(".", 1)[0],
  partOf = name => name.slice(headOf(name).length + 1),
  givenFor = (given, name) => (name in given ? given[name] : given[headOf(name)][partOf(name)]);

// {name: tensor} of a graph → {result: tensor, or its parts}
function gathered(made) {
  const results = {};
  for (const [name, {data, dims}] of Object.entries(made)) {
    const tensor = {data, dims: [...dims]};
    if (partOf(name)) (results[headOf(name)] ??= {})[partOf(name)] = tensor;
    else results[name] = tensor;
  }
  return results;
}

let turn = Promise.resolve(); // one run after another: the runtime has one thread for them
self.onmessage = ({data: asked}) => {
  if (asked.graphs) return begin(asked);
  const {id, graph, given, wanted} = asked;
  turn = turn
    .then(async () => {
      const session = await begun(graph);
      const feeds = Object.fromEntries(
        session.inputMetadata.map(({name, type}) => [name, tensorOf(givenFor(given, name), type)]),
      );
      const names = session.outputNames.filter(name => wanted.includes(headOf(name)));
      const made = await session.run(feeds, names);
      postMessage({id, results: gathered(made)}, [...new Set(names.map(name => made[name].data.buffer))]);
    })
    .catch(wrong => postMessage({id, error: String(wrong?.message ?? wrong)}));
};
