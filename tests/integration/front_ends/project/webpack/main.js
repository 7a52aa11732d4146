import "./main.css"
import logo from "./logo.svg"
import { shared } from "./shared.js"

document.querySelector("#logo").src = logo
document.querySelector("#open").addEventListener("click", async () => {
  const panel = await import("./panel.js")
  panel.show(shared)
})
document.body.dataset.runs = Number(document.body.dataset.runs ?? 0) + 1
