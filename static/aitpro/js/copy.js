// Copy buttons, which pages hide without a script: <button data-copy="ID" hidden> copies the text of the element ID.
// Where the browser has no clipboard (plain HTTP), it selects the text instead.
"use strict";
(() => {
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.body.append(status);
  const select = (source) => getSelection().selectAllChildren(source);
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const label = [...button.childNodes];
    if (!source) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const copied = await (navigator.clipboard?.writeText(source.textContent) ?? Promise.reject()).then(
        () => true,
        () => (select(source), document.execCommand("copy")),
      );
      const text = copied ? "Copied" : "Selected: press Ctrl+C";
      button.replaceChildren(text);
      status.textContent = text;
      setTimeout(() => {
        button.replaceChildren(...label);
        status.textContent = "";
      }, 3000);
    });
  }
})();
