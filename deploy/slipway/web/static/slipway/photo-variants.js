// Makes the smaller widths of a photo, so that the server never has to decode one.
(() => {
  "use strict";

  const QUALITY = 0.82;

  function drawn(source, width, height, onWhite) {
    const canvas = window.OffscreenCanvas
      ? new OffscreenCanvas(width, height)
      : Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    if (!context) throw new Error("The photo is too large for this browser. Choose a smaller one.");
    context.imageSmoothingQuality = "high";
    if (onWhite) {
      context.fillStyle = "white";
      context.fillRect(0, 0, width, height);
    }
    context.drawImage(source, 0, 0, width, height);
    return canvas;
  }

  const encoded = (canvas, type, quality) =>
    canvas.convertToBlob
      ? canvas.convertToBlob({ type, quality })
      : new Promise((done) => canvas.toBlob(done, type, quality));

  /** WebP, or JPEG on white in a browser that cannot write WebP. Some write Exif data of their own: those go too. */
  async function written(source, width, height, quality) {
    const blob = await encoded(drawn(source, width, height), "image/webp", quality);
    const taken = blob?.type === "image/webp" ? blob : await encoded(drawn(source, width, height, true), "image/jpeg", quality);
    if (!taken) throw new Error("The photo is too large for this browser. Choose a smaller one.");
    return slipway.withoutMetadata(taken);
  }

  /** Throws for a photo with more pixels than the server takes: nobody should learn that after an upload. */
  function checkShape({ width, height }, { maxPixels, maxSide }) {
    if (width * height <= maxPixels && Math.max(width, height) <= maxSide) return;
    const millions = Math.floor(maxPixels / 1e6);
    throw new Error(
      `The photo has ${width} by ${height} pixels; at most ${millions} million, and ${maxSide} on a side, ` +
      "are allowed. Choose a smaller one.");
  }

  /**
   * The files of an upload, `{name, blob}`: the original without its metadata, and one for each of
   * `widths` (pixels) that is not wider than it. Orientation is honoured. Throws with a sentence, also for a photo
   * beyond `maxBytes`, `maxPixels` or `maxSide` (pixels).
   */
  async function preparePhoto(file, { widths, maxBytes, ...shape }) {
    const clean = await slipway.withoutMetadata(file);
    const checkSize = ({ size }) => {
      if (size > maxBytes) throw new Error(slipway.tooLarge(size, maxBytes));
    };
    if (clean) checkSize(clean);
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      throw new Error("This browser cannot read the file as a photo. Choose a JPEG, PNG or WebP image.");
    }
    try {
      checkShape(bitmap, shape);
      const original = clean ?? (await written(bitmap, bitmap.width, bitmap.height, 0.92));
      checkSize(original);
      const files = [{ name: "original", blob: original }];
      let source = bitmap;
      // From wide to narrow, each out of the one before: smoother than one large step, and quicker.
      for (const width of [...new Set(widths.map((each) => Math.min(each, bitmap.width)))].sort((a, b) => b - a)) {
        const height = Math.max(1, Math.round((width * bitmap.height) / bitmap.width));
        files.push({ name: String(width), blob: await written(source, width, height, QUALITY) });
        source = drawn(source, width, height);
      }
      return files;
    } finally {
      bitmap.close();
    }
  }

  window.slipway = { ...window.slipway, preparePhoto };
})();
