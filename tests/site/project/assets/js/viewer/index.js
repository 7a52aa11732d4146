/* A click on a photo loads the rest. */
document.querySelector("main").addEventListener("click", async (event) => {
  if (!event.target.closest("a")) return;
  const { open } = await import("./stage.js");
  open(event.target);
}, { passive: true });
