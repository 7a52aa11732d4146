/* The lamp in the masthead: switches between day and night, and stores the choice in this browser. */
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const lamp = document.querySelector(".theme");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  const show = () => {
    lamp.setAttribute("aria-pressed", String(dark()));
    const chosen = root.dataset.theme;
    for (const source of document.querySelectorAll("source[data-scheme]")) {
      source.dataset.media ??= source.media;
      const scheme = "(prefers-color-scheme: dark)";
      const forced = chosen === source.dataset.scheme ? "(min-width: 0)" : "not all";
      source.media = chosen ? source.dataset.media.replace(scheme, forced) : source.dataset.media;
    }
    const paint = getComputedStyle(document.body).backgroundColor;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.content = paint;
  };

  lamp.hidden = false;
  lamp.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Without storage the choice applies to this page only.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
