// Says that a file is too large before it is sent, so that nothing that was typed is lost: <input data-max-bytes="…">.
"use strict";
(() => {
  const isTooLarge = (input) => [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
  const check = (input) => {
    const megabytes = Math.floor(Number(input.dataset.maxBytes) / 1e6);
    input.setCustomValidity(isTooLarge(input) ? `This file is too large. Choose one of at most ${megabytes} MB.` : "");
    return input.reportValidity();
  };
  document.addEventListener("change", ({ target }) => {
    if (target.dataset.maxBytes) check(target);
  });
  // The admin's forms have `novalidate`.
  document.addEventListener("submit", (event) => {
    for (const input of event.target.querySelectorAll("input[data-max-bytes]"))
      if (isTooLarge(input) && !check(input)) return event.preventDefault();
  });
})();
