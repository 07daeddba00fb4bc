/* Says that a file is too large when it is chosen, so that nothing is sent, and nothing that was typed is lost. */
"use strict";

document.addEventListener("change", ({ target }) => {
  if (target.type === "file" && target.dataset.maxBytes) {
    const most = Number(target.dataset.maxBytes);
    const isTooLarge = [...target.files].some((file) => file.size > most);
    const megabytes = Math.floor(most / 1024 / 1024);
    target.setCustomValidity(isTooLarge ? `This file is too large. Choose one of at most ${megabytes} MB.` : "");
    target.reportValidity();
  }
});
