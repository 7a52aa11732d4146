import "./two.css"

export const show = () => document.body.insertAdjacentHTML("beforeend", '<p id="page">two</p>')
