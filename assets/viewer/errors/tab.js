// The tab "Errors". What draws it is loaded when the tab is opened.
//
// given   run: the run that is shown first; stage: the event of a clip that is opened on its method's tab; most: clips that are
//         tried at once; forms: {how an export ends: what it is called}

export function tab({element, trigger, server}, given) {
  const host = element.closest("#errors"),
    root = element.querySelector(".er-root"),
    linked = new URL(location.href).searchParams.get("errors"); // before another tab writes the address
  let made = null;
  const open = async () => {
    if (!host.offsetParent) return;
    made ??= Promise.all([import("./workbench.js"), import("./start.js")]).then(async ([{workbench}, {startOf}]) => {
      const shown = await workbench(root, {...given, linked, server, trigger, host});
      startOf(root, server);
      return shown;
    });
    (await made).seen();
  };
  new ResizeObserver(open).observe(host);
  open();
}
