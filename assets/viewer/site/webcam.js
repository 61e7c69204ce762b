// A few seconds of the visitor's camera, as a file: they stay in this browser.
//
//   await recorded(seconds, told)      a File, or an Error's sentence; told: seconds that are left → nothing

const KINDS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"],
  WAIT = 20_000; // milliseconds until a camera that shows nothing is given up

export const there = () => !!navigator.mediaDevices?.getUserMedia && "MediaRecorder" in window;

const WHY = {
  NotAllowedError: "This browser gives the page no camera: it was not allowed to.",
  NotFoundError: "There is no camera here.",
  NotReadableError: "The camera is used by another program.",
};

export async function recorded(seconds, told) {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640}, audio: false}).catch(wrong => {
    throw new Error(WHY[wrong.name] ?? `The camera could not be opened (${wrong.name}).`);
  });
  try {
    const type = KINDS.find(one => MediaRecorder.isTypeSupported(one)),
      recorder = new MediaRecorder(stream, type ? {mimeType: type} : {}),
      parts = [];
    recorder.ondataavailable = ({data}) => data.size && parts.push(data);
    const begun = new Promise(done => {
        recorder.onstart = done;
      }),
      ended = new Promise((done, failed) => {
        recorder.onstop = done;
        recorder.onerror = () => failed(new Error("The camera stopped while it was recorded."));
        setTimeout(() => failed(new Error("The camera shows nothing.")), WAIT);
      });
    recorder.start();
    await begun;
    for (let left = seconds; left > 0; left--) {
      told(left);
      await new Promise(done => setTimeout(done, 1000));
    }
    recorder.stop();
    await ended;
    return new File(parts, `webcam.${/mp4/.test(recorder.mimeType) ? "mp4" : "webm"}`, {type: recorder.mimeType});
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}
