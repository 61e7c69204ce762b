// Regions and counts in the browser: the stages that choose and count, of what the networks made. The numbers are those of
// ../offline/regions.js, which a file without its network has, too.
//
//   stages     {stage: ({what it reads}) → its result}; tensors are {data, dims}
//   told       {stage: (values, knobs) → what its packed result says besides}
//   refused    texts → a sentence on one that cannot be read, or ""
//   short      number of frames → a sentence where they are too few, or ""

import {added, blended, changes, counted, differences, energies, filtered, highest, rule, terms} from "../offline/regions.js";

const SILENT = 1e-12, // as in the equations: a map below is all zero
  WORDS = 16, // of the longest text
  UNKNOWN = 1n; // every word that is not in the vocabulary

const toClipScale = ({data, dims}) => {
  const top = data.reduce((most, one) => Math.max(most, one), 0);
  return {data: top > SILENT ? data.map(one => one / top) : new Float32Array(data.length), dims};
};
const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}\p{M}_-]+/gu) ?? [];

export const stages = {
  // the mean over heads of the first ℓ blocks
  attention_LTP({every_head_LNTP: {data, dims}, layer}) {
    const [, N, T, P] = dims,
      made = new Float32Array(layer * T * P);
    for (let l = 0; l < layer; l++)
      for (let i = 0; i < T * P; i++) {
        let sum = 0;
        for (let n = 0; n < N; n++) sum += data[(l * N + n) * T * P + i];
        made[l * T * P + i] = sum / N;
      }
    return {data: made, dims: [layer, T, P]};
  },
  heads_NTP({every_head_LNTP: {data, dims}, layer}) {
    const [, ...rest] = dims,
      size = rest.reduce((all, one) => all * one, 1);
    return toClipScale({data: data.slice((layer - 1) * size, layer * size), dims: rest});
  },
  attention_TP({attention_LTP: {data, dims}}) {
    const [L, T, P] = dims;
    return toClipScale({data: data.slice((L - 1) * T * P), dims: [T, P]});
  },
  score_TP: ({attention_TP, dynamics_TP, alpha}) => ({
    data: blended(attention_TP.data, dynamics_TP.data, alpha),
    dims: attention_TP.dims,
  }),
  region_TP: ({score_TP: {data, dims}, kept}) => ({data: highest(data, kept, dims[1]), dims}),
  prompted_TPD: ({patches_TPD, spatial_prompt_TPD, region_TP, spatial}) =>
    spatial ? {data: added(patches_TPD.data, spatial_prompt_TPD.data, region_TP.data), dims: patches_TPD.dims} : patches_TPD,
  difference_GPD({prompted_TPD: {data, dims}}) {
    const [T, P, D] = dims;
    return {data: differences(data, P * D), dims: [T - 1, P, D]};
  },
  gap_filtered_GPD: ({difference_GPD: {data, dims}, gap_filter, grid}) => ({
    data: filtered(data, gap_filter.data, ...grid),
    dims,
  }),
  change_G({gap_filtered_GPD: {data, dims}, region_TP, beta, change_scale}) {
    const [G, P, D] = dims;
    return {data: Float32Array.from(changes(energies(data, D), region_TP.data, beta, P, change_scale)), dims: [G]};
  },
  prompt_count_G: ({change_G, eta, temporal, cap}) => Array.from(change_G.data, one => (temporal ? counted(one, eta, cap) : 0)),
  sequence_SD({tokens_TSD, prompted_TPD, temporal_prompt_GQD, prompt_count_G, prefix}) {
    const [T, P, D] = prompted_TPD.dims,
      Q = temporal_prompt_GQD.dims[1],
      parts = [tokens_TSD.data.subarray(0, prefix * D)];
    for (let t = 0; t < T; t++) {
      if (t) parts.push(temporal_prompt_GQD.data.subarray((t - 1) * Q * D, ((t - 1) * Q + prompt_count_G[t - 1]) * D));
      parts.push(prompted_TPD.data.subarray(t * P * D, (t + 1) * P * D));
    }
    const data = new Float32Array(parts.reduce((sum, one) => sum + one.length, 0));
    parts.reduce((at, one) => {
      data.set(one, at);
      return at + one.length;
    }, 0);
    return {data, dims: [data.length / D, D]};
  },
  // every text has as many places as the longest may have: 0 is none
  word_YI({texts, vocabulary, longest}) {
    const why = refused(texts);
    if (why) throw new Error(why);
    const ids = new Map(vocabulary.map((word, i) => [word, BigInt(i + 2)])),
      rows = texts.map(text => wordsOf(text).map(word => ids.get(word) ?? UNKNOWN)),
      data = new BigInt64Array(rows.length * longest);
    for (const [y, row] of rows.entries()) data.set(row, y * longest);
    return {data, dims: [rows.length, longest]};
  },
  unknown_words: ({texts, vocabulary}) => [...new Set(texts.flatMap(wordsOf).filter(word => !vocabulary.includes(word)))],
  similarity_Y({video_E, text_YE: {data, dims}}) {
    const [Y, E] = dims,
      dot = y => video_E.data.reduce((sum, one, e) => sum + one * data[y * E + e], 0);
    return {data: Float32Array.from({length: Y}, (_, y) => dot(y)), dims: [Y]};
  },
};

export const told = {
  score_TP: (_, knobs) => ({terms: terms(knobs)}),
  prompt_count_G: ({change_G, prompt_count_G: count}, knobs) => ({
    count,
    each: knobs.eta ? 1 / knobs.eta : null,
    rule: Array.from(change_G.data, (one, g) => rule(one, count[g], g, knobs, true)),
  }),
};

export function refused(texts) {
  for (const text of texts) {
    const count = wordsOf(text).length;
    if (!count) return `A text has at least one word, got “${text}”.`;
    if (count > WORDS) return `This text tower reads up to ${WORDS} words, got ${count}: “${text.slice(0, 60)}”.`;
  }
  return "";
}

export const short = T => (T < 2 ? `Consecutive frames are compared, so a clip has at least 2, got ${T}.` : "");
