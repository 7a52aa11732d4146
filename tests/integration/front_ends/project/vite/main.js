import "./main.css"
import logo from "./logo.svg"
import { shared } from "./shared.js"

document.querySelector("#logo").src = logo
document.querySelector("#copied").src = import.meta.env.BASE_URL + "copied.svg"
document.querySelector("#open").addEventListener("click", async () => {
  const panel = await import("./panel.js")
  panel.show(shared)
})
// The bundler cannot know which.
document.querySelector("#choose").addEventListener("click", async () => {
  const page = await import(`./pages/${document.body.dataset.page}.js`)
  page.show()
})
document.body.dataset.runs = Number(document.body.dataset.runs ?? 0) + 1
