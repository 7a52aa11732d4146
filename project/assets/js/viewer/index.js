/* On the wall a click opens the viewer, which is loaded on the first click. */
const wall = document.querySelector("[data-viewer]");

wall?.addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  try {
    const { open } = await import("./stage.js");
    open([...wall.querySelectorAll("a")], link);
  } catch {
    location.assign(link.href);
  }
});
