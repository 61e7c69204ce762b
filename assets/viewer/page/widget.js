// A viewer as a notebook's widget. model: about, clip and trace as JSON texts; a trace that changes is drawn.

export const widgetOf = mount => ({
  render({model, el}) {
    const host = el.appendChild(document.createElement("div")),
      read = name => JSON.parse(model.get(name));
    // a notebook's own keys are letters too: “k” in the viewer must not move to another cell, nor “x” cut one
    host.addEventListener("keydown", event => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1) event.stopPropagation();
    });
    const view = mount(host, {about: read("about"), clip: read("clip"), trace: read("trace")});
    const update = () => view.update({clip: read("clip"), trace: read("trace")});
    model.on("change:trace", update);
    return () => {
      model.off("change:trace", update);
      view.destroy();
    };
  },
});
