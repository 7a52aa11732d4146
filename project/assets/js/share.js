/* Shares the page's address by the device's own sheet, or copies it. */
const button = document.querySelector("[data-share]");
const canShare = Boolean(navigator.share);

if (button && (canShare || navigator.clipboard)) {
  button.textContent = canShare ? "Share" : "Copy the link";
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (canShare) await navigator.share({ title: document.title, url: location.href });
      else {
        await navigator.clipboard.writeText(location.href);
        button.textContent = "Copied";
      }
    } catch (error) {
      if (error.name !== "AbortError") button.textContent = "Not allowed here";
    }
  });
}
