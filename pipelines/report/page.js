"use strict";
// Finds among the items and opens them all. Without it everything is there and opens one by one.
(() => {
  const entries = Array.from(document.querySelectorAll(".entry"));
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");
  const openAll = (isOpen) => entries.forEach((entry) => { if (!entry.hidden) entry.open = isOpen; });
  const find = () => {
    const wanted = search.value.trim().toLowerCase();
    entries.forEach((entry) => { entry.hidden = !entry.dataset.search.includes(wanted); });
    const left = entries.filter((entry) => !entry.hidden).length;
    matches.textContent = matches.dataset.told.replace("{n}", String(left));
  };
  if (entries.length === 0) return;
  document.getElementById("tools").hidden = false;
  search.addEventListener("input", find);
  document.getElementById("open-all").addEventListener("click", () => openAll(true));
  document.getElementById("close-all").addEventListener("click", () => openAll(false));
  find();
})();
