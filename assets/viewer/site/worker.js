// The networks, in a thread of their own: ONNX Runtime Web loads each graph once and runs it when it is asked.
//
//   {base, runtime: {script, binary, gpu: {script, binary}}, graphs: [{graph, model, weights, first}]}   once; all paths are from
//   base. first: whether it is loaded before it is asked for
//   {id, graph, given: {name: {data, dims}}, wanted: [name]}   →   {id, results: {name: {data, dims}}} or {id, error}. A result
//   that has parts is {part: {data, dims}}; the graph calls each “name.part”, as core/browser/parts.py has it
//   →   {loaded: bytes, of: bytes} while files arrive,  {ready} when every graph is there
//   →   {rival: {kind, threads, used, of, apart, faster, why}} of each other way to run them that this browser has, several threads or
//   WebGPU: how many of the graphs it runs from now on
//   →   {settled} when there is none that was not tried
//
// One thread is there at once and never in its own way: several wait for each other, and are the slower the busier the machine is.
// So they, and WebGPU, take over only where they give the same numbers and are faster here, measured on what was asked first.
//
// Files may be packed by gzip, whatever a host says of them: their first two bytes tell. Of the numbers of a graph, which are in
// files called .bin, the even bytes travel before the odd: see app/site/build.py.

const files = new Map(), // path → a promise of its bytes
  sessions = new Map(), // graph → a promise of {ort, session}
  proofs = new Map(), // graph → what it was asked: {given, wanted}
  THREADS = 4, // at most
  TURNS = 3, // of a comparison
  AGREES = 1e-4; // of the largest number of a result: what may lie between two that agree
let begun = null,
  contest = null, // called when every graph that is loaded at first has run once
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
  if (told.loaded <= told.of) postMessage(told); // what comes later is nobody's wait
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
  // A runtime: its script, its binary, and in how many threads it runs
  async function runtimeOf({script, binary}, threads) {
    const [ort, wasm] = await Promise.all([import(new URL(script, base).href), fetched(binary)]);
    ort.env.wasm.wasmBinary = wasm;
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    return ort;
  }
  const usual = runtimeOf(runtime, 1);

  async function sessionOf(ort, {model, weights}, provider) {
    const [text, ...parts] = await Promise.all([model, ...weights].map(fetched));
    return ort.InferenceSession.create(text, {
      executionProviders: [provider],
      logSeverityLevel: 4, // what a rival lacks is told by its error
      externalData: weights.map((path, i) => ({path: path.split("/").pop().replace(/\.gz$/, ""), data: parts[i]})),
    });
  }
  begun = name => {
    const one = graphs.find(each => each.graph === name);
    if (!one) throw new Error(`There is no graph ${name}.`);
    if (!sessions.has(name))
      sessions.set(
        name,
        usual.then(async ort => ({ort, session: await sessionOf(ort, one, "wasm")})),
      );
    return sessions.get(name);
  };
  // in the order in which they are needed, so that maps are there before similarities
  const first = graphs.filter(one => one.first);
  first
    .reduce((before, one) => before.then(() => begun(one.graph)), usual)
    .then(() => postMessage({ready: true}))
    .catch(wrong => postMessage({error: String(wrong)}));
  for (const one of first) for (const path of [one.model, ...one.weights]) fetched(path);

  const threads = Math.min(THREADS, navigator.hardwareConcurrency || 1),
    rivals = [];
  // a module of another address is another runtime
  if (self.crossOriginIsolated && threads > 1)
    rivals.push({kind: "threads", threads, provider: "wasm", runtime: {...runtime, script: `${runtime.script}?threads`}});
  if (runtime.gpu && navigator.gpu && "Suspending" in WebAssembly)
    rivals.push({kind: "gpu", threads: 1, provider: "webgpu", runtime: runtime.gpu});
  contest = async () => {
    if (!first.every(one => proofs.has(one.graph))) return;
    contest = null;
    for (const one of rivals) if (one.kind !== "gpu" || (await real())) await tried(one, first);
    proofs.clear();
    postMessage({settled: true});
  };

  // A rival beside what runs now, graph by graph: of some, operators may be missing
  async function tried({kind, threads, provider, runtime}, graphs) {
    const ms = [0, 0];
    let used = 0,
      apart = 0,
      why = "";
    const ort = await runtimeOf(runtime, threads).catch(wrong => {
      why = said(wrong);
    });
    for (const one of ort ? graphs : [])
      try {
        const {given, wanted} = proofs.get(one.graph),
          two = [await begun(one.graph), {ort, session: await sessionOf(ort, one, provider)}],
          [known, results] = [await ran(two[0], given, wanted), await ran(two[1], given, wanted)],
          least = await leastOf(two, given, wanted),
          far = Math.max(...Object.keys(known).map(name => farthest(results[name].data, known[name].data)));
        if (far > AGREES || least[1] >= least[0]) {
          why = far > AGREES ? `its numbers are ${far.toPrecision(2)} apart from these` : "it is no faster here, now";
          await two[1].session.release();
          continue;
        }
        sessions.set(one.graph, Promise.resolve(two[1]));
        used += 1;
        apart = Math.max(apart, far);
        for (const i of [0, 1]) ms[i] += least[i];
      } catch (wrong) {
        why = said(wrong);
      }
    postMessage({rival: {kind, threads, used, of: graphs.length, apart, faster: ms[0] / ms[1], why}});
  }
}

// Whether there is a GPU: a browser may play one on the processor
async function real() {
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return !!adapter && !adapter.info?.isFallbackAdapter;
}

const said = wrong => String(wrong?.message ?? wrong).slice(0, 160);

// The least milliseconds of each, measured in turns
async function leastOf(two, given, wanted) {
  const least = [Infinity, Infinity];
  for (let n = 0; n < TURNS; n++)
    for (const [i, each] of two.entries()) {
      const start = performance.now();
      await ran(each, given, wanted);
      least[i] = Math.min(least[i], performance.now() - start);
    }
  return least;
}

// The largest difference, as a share of the largest number
function farthest(one, other) {
  let most = 1e-12,
    apart = 0;
  for (let i = 0; i < one.length; i++) {
    most = Math.max(most, Math.abs(Number(other[i])));
    apart = Math.max(apart, Math.abs(Number(one[i]) - Number(other[i])));
  }
  return apart / most;
}

// A tensor of what a graph reads; a number, a truth value or a row of numbers becomes one of the type that the graph asks for
const KINDS = {
  float32: values => Float32Array.from(values),
  int64: values => BigInt64Array.from(values, BigInt),
  bool: values => Uint8Array.from(values, Number),
};
function tensorOf(ort, given, type) {
  if (given?.data) return new ort.Tensor(type, given.data, given.dims);
  const row = Array.isArray(given);
  return new ort.Tensor(type, KINDS[type](row ? given : [given]), row ? [given.length] : []);
}

const headOf = name => name.split(".", 1)[0],
  partOf = name => name.slice(headOf(name).length + 1),
  givenFor = (given, name) => (name in given ? given[name] : given[headOf(name)][partOf(name)]);

// → {name: tensor} by the graph's own names
async function ran({ort, session}, given, wanted) {
  const feeds = session.inputMetadata.map(({name, type}) => [name, tensorOf(ort, givenFor(given, name), type)]),
    names = session.outputNames.filter(name => wanted.includes(headOf(name))),
    made = await session.run(Object.fromEntries(feeds), names);
  return Object.fromEntries(names.map(name => [name, {data: made[name].data, dims: [...made[name].dims]}]));
}

// {name: tensor} of a graph → {result: tensor, or its parts}
function gathered(made) {
  const results = {};
  for (const [name, tensor] of Object.entries(made))
    if (partOf(name)) (results[headOf(name)] ??= {})[partOf(name)] = tensor;
    else results[name] = tensor;
  return results;
}

let turn = Promise.resolve(); // one run after another: the runtime has one thread for them
self.onmessage = ({data: asked}) => {
  if (asked.graphs) return begin(asked);
  const {id, graph, given, wanted} = asked;
  turn = turn
    .then(async () => {
      const made = await ran(await begun(graph), given, wanted);
      if (contest) proofs.set(graph, {given, wanted});
      postMessage({id, results: gathered(made)}, [...new Set(Object.values(made).map(one => one.data.buffer))]);
      contest?.();
    })
    .catch(wrong => postMessage({id, error: String(wrong?.message ?? wrong)}));
};
