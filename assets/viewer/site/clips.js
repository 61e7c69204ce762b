// Clips in the browser: the examples that travel along, and the frames that a picture or a video becomes.
//
//   clipsOf(base, own)   .example(name)   async → {clip, frames_THWC}, asked for once
//                   .add(found)      one more        .get(key)   one that is held, null where it is not
//
// clip   as a viewer takes it, with texts, and actor and spaced, which are of the page's method: own, by name
// frames_THWC   {data: uint8 RGB, dims}
//
// The frames of an example lie under each other in one lossless picture, so that the networks see the numbers that Python sees.

const HELD = 6;

export function clipsOf(base, own) {
  const held = new Map(), // key → what is held
    coming = new Map(); // name → a promise of it

  function add(found) {
    held.set(found.clip.key, found);
    for (const key of held.keys()) if (held.size > HELD && key !== found.clip.key) held.delete(key);
    return found;
  }

  async function read(name) {
    const [clip, blob] = await Promise.all([
      fetched(new URL(`clips/${name}.json`, base))
        .then(answer => answer.json())
        .then(found => Object.assign(found, own[name])),
      fetched(new URL(`clips/${name}.webp`, base)).then(answer => answer.blob()),
    ]);
    const T = clip.frames.length,
      image = await createImageBitmap(blob, {colorSpaceConversion: "none", premultiplyAlpha: "none"});
    return {clip, frames_THWC: {data: rgbOf(image), dims: [T, image.height / T, image.width, 3]}};
  }

  return {
    add,
    get: key => held.get(key) ?? null,
    async example(name) {
      if (!coming.has(name)) coming.set(name, read(name));
      try {
        return add(await coming.get(name));
      } catch (wrong) {
        coming.delete(name); // the next click asks again
        throw wrong;
      }
    },
  };
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`This clip did not arrive (${answer.status}).`);
  return answer;
}

// Pixels of what can be drawn, without alpha, in its own size or another
export function rgbOf(source, width = source.width, height = source.height) {
  const canvas = new OffscreenCanvas(width, height),
    pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(source, 0, 0, width, height);
  const {data} = pen.getImageData(0, 0, width, height),
    rgb = new Uint8Array(width * height * 3);
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
    rgb[i] = data[j];
    rgb[i + 1] = data[j + 1];
    rgb[i + 2] = data[j + 2];
  }
  return rgb;
}
