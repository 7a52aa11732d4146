import "./panel.css"
import picture from "./picture.svg"
import { shared } from "./shared.js"

export function show(text) {
  const html = `<p class="panel">${text} ${shared}</p><img id="picture" src="${picture}">`
  document.body.insertAdjacentHTML("beforeend", html)
}
