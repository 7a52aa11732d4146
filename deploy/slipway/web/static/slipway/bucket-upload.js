// Sends files straight to the bucket with signed forms; its errors are sentences for the page.
(() => {
  "use strict";

  const megabytes = (count) => `${(count / 1e6).toFixed(1).replace(/\.0$/, "")} MB`;

  /** A sentence for the bucket's XML error: what to do, or else its code. */
  function explain(status, body, size, limit) {
    const xml = new DOMParser().parseFromString(body, "application/xml");
    const code = xml.querySelector("Code")?.textContent ?? "";
    const message = xml.querySelector("Message")?.textContent ?? "";
    if (code === "EntityTooLarge") return tooLarge(size, limit);
    if (code === "EntityTooSmall") return "The file is empty. Choose another one.";
    if (/expired/i.test(code + message) || code === "RequestTimeout") {
      return "The upload took longer than its five minutes. Try again, on a better connection if you can.";
    }
    if (code === "AccessDenied" || code === "InvalidPolicyDocument" || code === "SignatureDoesNotMatch") {
      return `The photo storage rejected the file: it is not what was announced (${code}). Choose the photo again.`;
    }
    if (status >= 500 || code === "SlowDown") return "The photo storage is busy. Try again in a minute.";
    return `The photo storage rejected the file (${code || status}). Try again, or choose another photo.`;
  }

  const tooLarge = (size, limit) =>
    `The photo has ${megabytes(size)}; at most ${megabytes(limit)} are allowed. Choose a smaller one.`;

  /** Asks the site for a form for each file; resolves to `{ticket, files}`. */
  async function askForForms(url, token, files) {
    const announced = files.map(({ name, blob }) => ({ name, type: blob.type, size: blob.size }));
    let response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({ files: announced }),
      });
    } catch {
      throw new Error("The site cannot be reached. Check your connection, then try again.");
    }
    const data = await response.json().catch(() => ({}));
    if (response.ok) return data;
    throw new Error(data.error ?? `The site could not begin the upload (${response.status}). Reload the page and try again.`);
  }

  /** The body of a POST: a form, the file last. */
  function asForm(fields, blob) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", blob);
    return form;
  }

  /** Sends one file; `progress` is called with the bytes sent so far. By PUT, `fields` are headers. */
  function send({ method, url, fields, limit }, blob, progress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      if (method === "PUT") for (const header of Object.entries(fields)) request.setRequestHeader(...header);
      request.upload.addEventListener("progress", (event) => progress(Math.min(event.loaded, blob.size)));
      request.addEventListener("load", () =>
        request.status < 300
          ? resolve()
          : reject(new Error(explain(request.status, request.responseText, blob.size, limit))));
      request.addEventListener("error", () =>
        reject(new Error("The photo storage cannot be reached. Check your connection, then try again.")));
      request.addEventListener("abort", () => reject(signal.reason));
      signal.addEventListener("abort", () => request.abort());
      request.send(method === "PUT" ? blob : asForm(fields, blob));
    });
  }

  /**
   * Uploads `files` (`{name, blob}`) and resolves to the ticket that the page's form submits.
   * `progress` is called with a share from 0 to 1. Throws with a sentence.
   */
  async function uploadToBucket(files, { signUrl, token, progress, signal }) {
    const { ticket, files: forms } = await askForForms(signUrl, token, files);
    const sent = new Map(), whole = files.reduce((sum, { blob }) => sum + blob.size, 0);
    const blobOf = (form) => files.find(({ name }) => name === form.name).blob;
    // The bucket would reject it too, after minutes on a slow line: before the first byte of any file is sent.
    const large = forms.find((form) => blobOf(form).size > form.limit);
    if (large) throw new Error(tooLarge(blobOf(large).size, large.limit));
    await Promise.all(forms.map((form) => {
      const blob = blobOf(form);
      return send(form, blob, (bytes) => {
        sent.set(form.name, bytes);
        progress([...sent.values()].reduce((sum, each) => sum + each, 0) / whole);
      }, signal);
    }));
    return ticket;
  }

  window.slipway = { ...window.slipway, tooLarge, uploadToBucket };
})();
