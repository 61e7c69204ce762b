// Where a method comes from: its BibTeX is copied by a button; where a page may not copy, it is selected.

export function links({element}) {
  const part = name => element.querySelector(`.from ${name}`);
  part("button").onclick = async () => {
    const copied = await navigator.clipboard?.writeText(part("pre").textContent).then(
      () => true,
      () => false,
    );
    if (!copied) getSelection().selectAllChildren(part("pre"));
    part("[role=status]").textContent = copied ? "copied" : "selected: copy it with Ctrl+C";
  };
}
