// The glossary: a window of words, opened by its button, by g, or by a word of the page that it knows.

import {pretty, safe} from "../base/words.js";

export function glossary(host, {words, declared}) {
  const list = rows => `<dl>${rows.map(([word, said]) => `<div><dt>${word}</dt><dd>${said}</dd></div>`).join("")}</dl>`;
  const box = Object.assign(document.createElement("dialog"), {className: "gl"});
  box.setAttribute("aria-label", "Glossary");
  box.innerHTML = `<header><h3>Glossary</h3><input type="search" placeholder="search" aria-label="Search the glossary"><button type="button">close</button></header>
    <div class="gl-list" tabindex="0"><section>${list(words.map(([word, said]) => [safe(word), safe(said)]))}</section>
    ${declared.map(([method, rows]) => `<section><h4>${safe(method)}: its knobs and what it shows</h4>${list(rows.map(([symbol, name, said]) => [`<i>${pretty(symbol)}</i> · ${safe(name)}`, pretty(said)]))}</section>`).join("")}
    <p class="gl-none" role="status" hidden>No such word. Try a shorter one.</p></div>`;
  document.body.append(box);
  const search = box.querySelector("input"),
    rows = [...box.querySelectorAll("dl > div")];

  function narrow() {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    for (const section of box.querySelectorAll("section"))
      section.hidden = ![...section.querySelectorAll("dl > div")].some(row => !row.hidden);
    box.querySelector(".gl-none").hidden = rows.some(row => !row.hidden);
  }
  function open(word = null) {
    search.value = "";
    narrow();
    if (!box.open) box.showModal();
    for (const row of rows) row.toggleAttribute("data-now", row.querySelector("dt").textContent === word);
    const now = box.querySelector("[data-now]");
    if (now) {
      box.querySelector(".gl-list").focus();
      now.scrollIntoView({block: "center"});
    } else search.focus();
  }
  search.oninput = narrow;
  search.onkeydown = event => {
    if (event.key === "Escape") {
      box.close();
      event.preventDefault();
    }
  }; // and not only empty it
  box.querySelector("button").onclick = () => box.close();
  box.onclick = event => {
    if (event.target === box) box.close();
  };
  host.onclick = () => open();
  const typing = target =>
    target.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  document.addEventListener("click", event => {
    const word = event.target.closest?.(".gl-word");
    if (word) open(word.dataset.word);
  });
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]"))
      return;
    const word = event.target.closest?.(".gl-word");
    if (word && (event.key === "Enter" || event.key === " ")) open(word.dataset.word);
    else if (event.key === "g" && !typing(event.target)) open();
    else return;
    event.preventDefault();
  });
  return {open};
}
