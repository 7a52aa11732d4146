// The upload widget: a custom element, <image-upload>, for a page, the admin or an added inline row.
(() => {
  "use strict";

  class ImageUpload extends HTMLElement {
    #input;
    #ticket;
    #form;
    #onSubmit = (event) => this.#hold(event);
    #run = null;
    #files = null;
    #submitter = null;

    connectedCallback() {
      this.#part("controls").hidden = false;
      this.#input = this.querySelector("input[type=file]");
      this.#ticket = this.querySelector("input[type=hidden]");
      this.#input.addEventListener("change", () => this.#choose(this.#input.files[0]));
      this.#part("retry").addEventListener("click", () => this.#start());
      // A file that the browser restored after a reload has no upload any more.
      if (this.#input.files.length && !this.#ticket.value) this.#input.value = "";
      this.#form = this.#input.form;
      this.#form?.addEventListener("submit", this.#onSubmit);
    }

    disconnectedCallback() {
      this.#run?.abort();
      this.#form?.removeEventListener("submit", this.#onSubmit);
    }

    #part(name) {
      return this.querySelector(`[data-part=${name}]`);
    }

    #choose(file) {
      this.#run?.abort();
      this.#run = this.#files = this.#submitter = null;
      this.#ticket.value = "";
      this.#say("");
      this.#preview(file);
      if (file) this.#start(file);
    }

    async #start(file = this.#input.files[0]) {
      const run = (this.#run = new AbortController());
      try {
        this.#say("Preparing the photo…");
        const files = this.#files ?? (await slipway.preparePhoto(file, JSON.parse(this.dataset.limits)));
        run.signal.throwIfAborted();
        this.#files = files;
        this.#say("Uploading the photo…", 0);
        const ticket = await slipway.uploadToBucket(files, {
          signUrl: this.dataset.signUrl,
          token: this.#form.elements.csrfmiddlewaretoken.value,
          progress: (share) => run === this.#run && this.#progress(share),
          signal: run.signal,
        });
        run.signal.throwIfAborted();
        this.#run = null;
        this.#ticket.value = ticket;
        this.#say("The photo is uploaded. Save the form to keep it.");
        this.#release();
      } catch (error) {
        if (run !== this.#run) return;
        // The other files of a failed upload need not go on.
        run.abort();
        this.#run = this.#submitter = null;
        this.#fail(error.message);
      }
    }

    /** Delays the form's submission while an upload runs or has failed. */
    #hold(event) {
      if (this.#run) {
        event.preventDefault();
        this.#submitter = event.submitter ?? true;
        this.#say("Still uploading; the form is sent as soon as the photo is there.", this.#part("progress").value);
      } else if (!this.#part("error").hidden) {
        event.preventDefault();
        this.#input.focus();
      }
    }

    #release() {
      const submitter = this.#submitter;
      this.#submitter = null;
      if (submitter) this.#form.requestSubmit(submitter === true ? undefined : submitter);
    }

    #say(sentence, share = null) {
      this.#part("status").textContent = sentence;
      this.#progress(share);
      this.#showError("");
    }

    #fail(sentence) {
      this.#say("");
      this.#showError(sentence);
      // Without prepared files another try would fail the same way.
      this.#part("retry").hidden = !this.#files;
    }

    #showError(sentence) {
      const error = this.#part("error");
      error.textContent = sentence;
      error.hidden = !sentence;
      this.#part("retry").hidden = true;
      this.#input.setCustomValidity(sentence);
      if (sentence) this.#input.setAttribute("aria-invalid", "true");
      else this.#input.removeAttribute("aria-invalid");
    }

    #progress(share) {
      const progress = this.#part("progress");
      progress.hidden = share === null;
      progress.value = share ?? 0;
    }

    #preview(file) {
      const old = this.#part("preview");
      if (old?.src.startsWith("blob:")) URL.revokeObjectURL(old.src);
      old?.remove();
      if (!file) return;
      const image = new Image();
      image.dataset.part = "preview";
      image.alt = "Preview of the chosen photo";
      image.onerror = () => image.remove();
      image.src = URL.createObjectURL(file);
      this.#part("controls").prepend(image);
    }
  }

  customElements.define("image-upload", ImageUpload);
})();
