/* Evaluated in a page by the debugger, after axe-core: the page's own content security policy stays in force. */
({
  violations: async (options) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
    return violations.flatMap((rule) => rule.nodes.map((node) => {
      const reasons = [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
      return `${rule.id}: ${node.target.join(" ")}: ${reasons.slice(0, 200)}`;
    }));
  },

  /* The innermost elements that make the page scroll sideways. */
  wider: () => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const isScrolled = (element) =>
      element && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || isScrolled(element.parentElement));
    const end = (element) => Math.round(element.getBoundingClientRect().right);
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => end(element) > width && !isScrolled(element.parentElement)
    );
    const innermost = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
    const describe = (element) =>
      `<${element.localName} class="${element.className}"> “${element.textContent.trim().slice(0, 40)}” ends at ${end(element)}`;
    return innermost.length ? innermost.slice(0, 4).map(describe) : ["no single element"];
  },

  /* Null while nothing has the focus, as right after a page has opened. */
  focused: () => {
    const element = document.activeElement;
    if (element === document.body) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const { top, bottom } = element.getBoundingClientRect();
    return {
      name: [...(element.labels?.length ? element.labels : [element])].map((label) => label.textContent).join(" ").trim().replace(/\s+/g, " "),
      shows: (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none",
      onScreen: bottom > 0 && top < innerHeight,
    };
  },
})
