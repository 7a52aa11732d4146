import "./one.css"

export const show = () => document.body.insertAdjacentHTML("beforeend", '<p id="page">one</p>')
