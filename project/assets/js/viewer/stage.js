/* The dialog that shows one photo. It and gestures.js import each other. */
import { listen } from "./gestures.js";

let links = [];
let at = 0;
let dialog;

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "viewer";
  dialog.setAttribute("aria-label", "Photo viewer");
  dialog.innerHTML = `
    <figure>
      <img alt="">
      <figcaption>
        <a></a>
        <span>
          <button type="button" data-step="-1">Previous</button>
          <button type="button" data-step="1">Next</button>
          <button type="button" data-step="0" autofocus>Close</button>
        </span>
      </figcaption>
    </figure>`;
  document.body.append(dialog);
  dialog.addEventListener("close", () => links[at].focus());
  listen(dialog);
}

function show() {
  const from = links[at].querySelector("img");
  const image = dialog.querySelector("img").cloneNode();
  image.alt = from.alt;
  image.sizes = "100vw";
  image.srcset = from.srcset;
  image.src = from.src;
  dialog.querySelector("img").replaceWith(image);
  const title = dialog.querySelector("a");
  title.href = links[at].href;
  title.textContent = links[at].querySelector("span").textContent;
}

export function open(all, first) {
  if (!dialog) build();
  links = all;
  at = all.indexOf(first);
  show();
  dialog.showModal();
}

export function step(by) {
  at = (at + by + links.length) % links.length;
  show();
}

export function close() {
  dialog.close();
}
