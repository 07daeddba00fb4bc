// Staff pages are not stored by the browser: going back fetches the page anew and puts what was typed into it. So that
// sending it again is still the same form (privacy/web/idempotency/), the key stays with the page's entry in the history.
"use strict";
(() => {
  const fields = () => document.querySelectorAll("input[name=csrfmiddlewaretoken]");
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  // Which cookie a key belongs to, behind Django's mask: after another sign-in, an old key would be refused.
  const cookieOf = (key) =>
    [...key.slice(32)].map((c, i) => (LETTERS.indexOf(c) - LETTERS.indexOf(key[i]) + 62) % 62).join();
  const fresh = fields()[0]?.value;
  if (!fresh) return;
  const kept = history.state?.formKey;
  if (kept && cookieOf(kept) === cookieOf(fresh)) fields().forEach((field) => (field.value = kept));
  else history.replaceState({ ...history.state, formKey: fresh }, "");
})();
