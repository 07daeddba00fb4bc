// A message's page of the staff: keeps the draft of the answer while one types. Without this, the buttons keep it.
"use strict";
(() => {
  const form = document.querySelector("form[data-draft]");
  const box = form?.querySelector("textarea[name=answer]");
  if (!box) return;
  const told = form.querySelector("[data-draft-state]");
  const PAUSE = 2000; // milliseconds without a key
  let timer, sending, isLeaving = false, kept = box.value;
  const data = () => {
    const fields = new FormData();
    for (const name of ["csrfmiddlewaretoken", "answer"]) fields.append(name, form.elements[name].value);
    return fields;
  };
  const save = async () => {
    if (isLeaving || box.value === kept) return;
    const text = box.value;
    sending = new AbortController();
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: data(), signal: sending.signal });
      if (answer.ok && !answer.redirected) kept = text;
      told.textContent = kept === text ? "Draft saved." : "The draft could not be saved.";
    } catch {
      if (!isLeaving) told.textContent = "The draft could not be saved.";
    }
  };
  box.addEventListener("input", () => {
    told.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  form.addEventListener("submit", () => {
    isLeaving = true;
    clearTimeout(timer);
    sending?.abort();
  });
  addEventListener("pagehide", () => {
    if (!isLeaving && box.value !== kept) navigator.sendBeacon(form.dataset.draft, data());
  });
})();
