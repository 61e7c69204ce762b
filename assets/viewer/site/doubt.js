// Whether the text that fits best may be called the answer: core/ranking.py and core/pace.py, word for word.
//
//   doubt(similarity, {unknown, label, pace, frames, ofWorld, spacing, told})     "" or why not
//   spaced(times, trained)       how far apart frames are, in words: core/video/moment.py
//
// told   the numbers of these rules: {synthetic, tie, slower, faster, nearer, farther, far, alike}

const three = value => String(+value.toPrecision(6)); // as Python's :g

// As Python's :.2f: what lies exactly between two goes to the even one.
function fixed(value, digits) {
  const exact = value.toFixed(60),
    end = exact.indexOf(".") + 1 + digits,
    even = "02468".includes(exact[end - 1]);
  return even && /^50*$/.test(exact.slice(end)) ? exact.slice(0, end) : value.toFixed(digits);
}

export function doubt(similarity, {unknown, label, pace, frames, ofWorld, spacing, told}) {
  if (label.includes(told.synthetic) && !ofWorld)
    return `These weights know ${told.synthetic} alone and no real video: their ranking of texts says nothing about this one.`;
  if (unknown.length) {
    const words = unknown.slice(0, 4).map(one => `“${one}”`);
    return `The text tower does not read ${words.join(", ")}${unknown.length > 4 ? " …" : ""}: texts that differ in nothing else are the same to it.`;
  }
  if (pace && !(told.slower <= frames / pace.frames && frames / pace.frames <= told.faster))
    return `Trained with ${pace.frames} frames: with ${frames}, how texts rank is not to be trusted.`;
  if (pace?.spacing && spacing && !(told.nearer <= spacing / pace.spacing && spacing / pace.spacing <= told.farther))
    return `Trained with a frame every ${three(pace.spacing)} s: with one every ${three(+spacing.toPrecision(2))} s, how texts rank is not to be trusted.`;
  if (similarity.length < 2) return "There is nothing to rank one text against.";
  const [first, second] = [...similarity].sort((a, b) => b - a);
  return first - second < told.tie ? `The two best texts fit equally well (${fixed(first, 3)}): none is first.` : "";
}

export function spaced(times, trained, told) {
  const [begin, end] = [times[0], times.at(-1)],
    T = times.length;
  if (!(begin < end)) return `${T} frame${T > 1 ? "s" : ""}, at ${fixed(begin, 2)} s.`;
  const apart = (end - begin) / (T - 1),
    alike = trained && Math.abs(apart / trained - 1) < told.alike;
  let said = `${T} frames over ${fixed(end - begin, 2)} s, from ${fixed(begin, 2)} s to ${fixed(end, 2)} s; ${fixed(apart, 2)} s apart`;
  said += alike ? ", as in training." : trained ? `, and ${fixed(trained, 2)} s in training.` : ".";
  if (apart >= Math.max(told.far, told.farther * trained))
    said += ` Change over ${fixed(apart, 1)} s is not motion: what moves may have come and gone between two frames.`;
  return said;
}

// Seconds from a frame to the next, the middle one of them in size
export function spacingOf(times) {
  const steps = times
      .slice(1)
      .map((one, i) => Math.abs(one - times[i]))
      .sort((a, b) => a - b),
    middle = steps.length >> 1;
  return steps.length ? (steps.length % 2 ? steps[middle] : (steps[middle - 1] + steps[middle]) / 2) : 0;
}
