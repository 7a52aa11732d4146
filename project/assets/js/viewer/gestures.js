/* Turns keys, buttons and swipes into steps of the viewer. */
import { close, step } from "./stage.js";

const SWIPE = 48; // CSS pixels
const keys = { ArrowLeft: -1, ArrowRight: 1 };

export function listen(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key in keys) step(keys[event.key]);
  });

  dialog.addEventListener("click", (event) => {
    const by = event.target.closest("[data-step]")?.dataset.step;
    if (by === "0") close();
    else if (by) step(Number(by));
  });

  let start;
  dialog.addEventListener("touchstart", (event) => {
    start = event.touches.length === 1 ? event.touches[0].clientX : undefined;
  }, { passive: true });
  dialog.addEventListener("touchend", (event) => {
    const moved = event.changedTouches[0].clientX - start;
    if (Math.abs(moved) > SWIPE) step(moved < 0 ? 1 : -1);
  });
}
