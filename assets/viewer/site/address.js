// The page's own address: behind its # stands the link of what is on the page, and what a link says is on the page when it opens,
// wherever it was made. A link of another method leads to that method's page.
//
//   const address = addressOf({links, others, host, now, settingOf, open})
//   address.read()      what the address says      address.query()      the link of what is on the page
//
// links   see link.js;   others   {method: {title, page: its file, "" where it is not here}};   host   where is said what of a link
//         was not understood
// now     → {shown, frame, overlay, pinned};   settingOf   a request's values → a setting;   open   async view → nothing

const SOON = 700, // milliseconds without a change, until it is written
  OWN = /^(__.*|tour|present)$/; // a page's own fields

export function addressOf({links, others, host, now, settingOf, open}) {
  let written = location.hash.slice(1),
    fresh = null, // the link of what was on the page before anything was touched
    reading = false,
    soon = 0;

  function query() {
    const {shown, frame, overlay, pinned} = now();
    return links.written({shown, frame, overlay, compared: pinned && settingOf(pinned.values)});
  }

  function write() {
    const said = query(),
      here = new URL(location.href),
      own = [...here.searchParams].filter(([name]) => OWN.test(name));
    if (reading || (said === fresh && !here.hash && !here.search)) return;
    here.search = new URLSearchParams(own);
    here.hash = written = said === fresh ? "" : said;
    if (here.href !== location.href) history.replaceState(history.state, "", here);
  }
  function later() {
    clearTimeout(soon);
    soon = setTimeout(write, SOON);
  }

  function say(notes) {
    host.replaceChildren(...notes.map(text => Object.assign(document.createElement("p"), {textContent: text})));
    host.hidden = !notes.length;
  }

  async function read() {
    fresh ??= links.written({...now(), frame: 0, overlay: links.overlay, compared: null});
    const [text] = [location.hash.slice(1), location.search.slice(1)].filter(one => new URLSearchParams(one).has("m"));
    if (text === undefined) return;
    written = text;
    const other = others[new URLSearchParams(text).get("m")];
    if (other?.page) return location.replace(new URL(`${other.page}#${text}`, document.baseURI));
    if (other) return say([`This link is of ${other.title}, which needs Python and is not on this page.`]);
    const {view, notes} = links.read(text);
    reading = true;
    say(notes);
    await open(view);
    reading = false;
    later();
  }

  for (const kind of ["values", "looked", "pointerup", "keyup"]) document.addEventListener(kind, later);
  addEventListener("hashchange", () => location.hash.slice(1) !== written && read());
  return {read, query};
}
