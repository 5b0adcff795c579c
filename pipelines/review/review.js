// Keys of the review page: every control that has one names it in data-key. Without this script all of it works by mouse.
"use strict";

let isLeaving = false;

function keyOf(event) {
  // On a Cyrillic layout the key's place on the board tells which one is meant.
  const place = /^Key([A-Z])$/.exec(event.code);
  const isLatin = /^[\x20-\x7e]$/.test(event.key);
  return isLatin || !place ? event.key.toLowerCase() : place[1].toLowerCase();
}

function show(index) {
  const figures = [...document.querySelectorAll("[data-frame]")];
  if (index < 0 || index >= figures.length) return;
  for (const figure of figures) figure.hidden = Number(figure.dataset.frame) !== index;
  for (const link of document.querySelectorAll("[data-show]")) {
    const isChosen = Number(link.dataset.show) === index;
    if (isChosen) {
      link.setAttribute("aria-current", "true");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

function shownFrame() {
  const figure = document.querySelector("[data-frame]:not([hidden])");
  return figure ? Number(figure.dataset.frame) : 0;
}

function act(control) {
  if (control.matches("textarea")) {
    control.focus();
  } else if (control.matches("details")) {
    control.open = !control.open;
  } else {
    control.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isLeaving) return;
  if (event.target.closest("textarea, input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "Escape") {
    document.querySelector("details.keys").open = false;
    return;
  }
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    if (event.target.closest(".scroll") || !document.querySelector("[data-show]")) return;
    event.preventDefault();
    show(shownFrame() + (event.key === "ArrowLeft" ? -1 : 1));
    return;
  }
  const control = document.querySelector(`[data-key~="${CSS.escape(keyOf(event))}"]`);
  if (!control || event.repeat) return;
  event.preventDefault();
  act(control);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-show]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(Number(link.dataset.show));
});

// One decision at a time: a second press of the key must not meet the page that is being left.
document.addEventListener("submit", (event) => {
  if (isLeaving) event.preventDefault();
  isLeaving = true;
});
window.addEventListener("pageshow", () => { isLeaving = false; });

async function fetchScene() {
  const scene = document.querySelector("#scene[data-waiting]");
  if (!scene) return;
  const answer = await fetch(scene.dataset.waiting);
  if (!answer.ok) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = parsed.querySelector("#scene");
  if (fresh) scene.replaceWith(fresh);
}

fetchScene();
