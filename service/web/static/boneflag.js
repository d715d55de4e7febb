// What pages do beyond links and forms. Every page works without it.
"use strict";

// A range shows its number beside it: <input type="range" data-shows="id of an output">.
for (const range of document.querySelectorAll("input[type=range][data-shows]")) {
  const output = document.getElementById(range.dataset.shows);
  const show = () => { output.textContent = range.value; };
  range.addEventListener("input", show);
  show();
}

// <select data-submits> sends its form when it changes.
for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// <input type="range" data-moves="id of a number field" hidden>: a slider beside a number.
for (const range of document.querySelectorAll("input[type=range][data-moves]")) {
  const field = document.getElementById(range.dataset.moves);
  range.hidden = false;
  range.addEventListener("input", () => { field.value = range.value; });
  field.addEventListener("input", () => { range.value = field.value; });
}

// data-watches="address": asks how far something is, and opens the page anew once it has ended.
for (const part of document.querySelectorAll("[data-watches]")) {
  const words = part.querySelector("[data-words]");
  const bar = part.querySelector("progress");
  const look = async () => {
    let told = {};
    try { told = await (await fetch(part.dataset.watches)).json(); } catch { /* Asked again. */ }
    if (told.state && told.state !== part.dataset.state) { location.reload(); return; }
    if (told.total) {
      bar.max = told.total;
      bar.value = told.done;
      const text = `${told.done} of ${told.total} people read.`;
      if (words.textContent !== text) words.textContent = text;
    }
    setTimeout(look, 3000);
  };
  setTimeout(look, 1500);
}
