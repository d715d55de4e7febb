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
