// A viewer as others see it: the page, panels, exports, notebooks and tests. See shell.js

export function viewOf({about, cursor, extra, figures, update, ask, A, go, moved, side, lit, wishes, destroy}) {
  const overlays = figures.flatMap(one => one.overlays?.() ?? []),
    pointed = figures.find(one => one.point),
    of = output => figures.filter(one => output && one.stages.includes(output.stage));
  const view = {
    update,
    ask,
    state: () => ({frame: cursor.frame, overlay: extra.own(), pinned: A.now()?.request ?? null}),
    look({frame = cursor.frame, overlay = cursor.overlay}) {
      if (overlay === "none" || overlays.some(one => one.stage === overlay)) cursor.set({overlay});
      if (about.frame) return;
      if (side()) go(frame);
      else cursor.put({frame});
      if (cursor.frame < frame) wishes(frame);
    },
    here: () => `frame ${cursor.frame + 1}${figures.map(one => one.here?.(side()) ?? "").join("")}`,
    value(output) {
      const found = side() ? of(output).map(one => one.value?.(output, side())) : [];
      return found.find(Boolean) ?? null;
    },
    peekAt(output) {
      cursor.set({near: overlays.find(one => one.stage === output?.stage)?.stage ?? null});
      lit(
        of(output)
          .map(one => one.lit?.(output))
          .find(Boolean),
      );
    },
    pin: A.pin,
    unpin: A.unpin,
    pinned: A.told,
    destroy,
  };
  if (pointed) view.point = event => side() && pointed.point(event);
  if (overlays.length)
    view.extra = (one, show) => {
      if (extra.put(one, show)) for (const each of figures) each.extra?.();
      moved(new Set(["overlay"]));
    };
  return view;
}
