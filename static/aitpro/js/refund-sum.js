// The button of a refund names the sum as it is typed: <button data-sum-of="ID" value="$59.95">Refund $59.95 to …</button>
// follows the field ID. A sum that isn't plain is left to the server, which asks about it.
"use strict";
for (const button of document.querySelectorAll("button[data-sum-of]")) {
  const field = document.getElementById(button.dataset.sumOf);
  const [named, label] = [button.value, button.textContent];
  const places = named.match(/\.(\d+)/)?.[1].length ?? 0;
  const plain = places ? new RegExp(`^(\\d{1,9})(?:\\.(\\d{1,${places}}))?$`) : /^(\d{1,9})$/;
  field?.addEventListener("input", () => {
    const [, whole, part = ""] = field.value.trim().match(plain) ?? [];
    const number = whole && Number(whole).toLocaleString("en-US") + (places ? `.${part.padEnd(places, "0")}` : "");
    button.value = number ? named.replace(/[\d.,]+/, number) : named;
    button.textContent = label.replace(named, () => button.value);
  });
}
