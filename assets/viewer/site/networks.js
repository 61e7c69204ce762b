// The door to the networks' thread: see worker.js.
//
//   const networks = networksOf(new Worker(…), {base, runtime, graphs, bytes}, told)
//   await networks.run(graph, given, wanted)      results by name
//
// told: what it says without being asked → nothing

export function networksOf(worker, given, told) {
  const waiting = new Map(); // id → what is done with the answer
  let last = 0;
  worker.onmessage = ({data}) => {
    if (data.id === undefined) return told(data);
    const {done, failed} = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) failed(new Error(data.error));
    else done(data.results);
  };
  worker.onerror = wrong => {
    const why = new Error(wrong.message || "The networks' thread could not be started.");
    told({error: why.message});
    for (const {failed} of waiting.values()) failed(why);
    waiting.clear();
  };
  worker.postMessage(given);
  return {
    run: (graph, inputs, wanted) =>
      new Promise((done, failed) => {
        waiting.set(++last, {done, failed});
        worker.postMessage({id: last, graph, given: inputs, wanted});
      }),
  };
}
