/* A form with data-ask="id" opens that dialog for confirmation before it is sent. */
for (const form of document.querySelectorAll("form[data-ask]")) {
  const dialog = document.getElementById(form.dataset.ask);
  form.addEventListener("submit", (event) => {
    if (dialog.returnValue === "yes") return;
    event.preventDefault();
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") form.requestSubmit();
  });
}
