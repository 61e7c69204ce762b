// Folds under a viewer, each made when it is opened for the first time.
//
//   const panels = foldsOf([[name, title, make], …])
//   panels(host, given)      given: see app/panels.py; `own` is what this panel is told

const foldsOf = list => (host, {owns, ...given}) => host.replaceChildren(...list.map(([name, title, makePanel]) => {
  const fold = make("details", {class: "vw-fold", "data-panel": name}), inside = make("div", {class: "vw-fold-in"});
  fold.append(Object.assign(make("summary"), {textContent: title}), inside);
  let made = null;
  fold.ontoggle = () => {
    if (fold.open && !made) made = makePanel(inside, {...given, own: owns[name]}) || {};
    made?.toggled?.(fold.open);
  };
  return fold;
}));
