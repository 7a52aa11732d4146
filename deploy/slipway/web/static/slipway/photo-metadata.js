// Removes a photo's private metadata: place, time, camera, embedded thumbnails, a second picture behind the first.
// Of each format the parts stay that showing the picture needs, bit for bit; the server rejects all others
// (slipway/web/media/jpeg.py, png.py and webp.py have the same lists).
(() => {
  "use strict";

  const APP0 = 0xe0, EXIF = 0xe1, ICC = 0xe2, ADOBE = 0xee, SCAN = 0xda, END = 0xd9;
  // Application segments that change how the picture looks, by their first letters; and the most bytes that one keeps,
  // with its length's: what goes beyond is a thumbnail, or unknown.
  const SHOWN_SEGMENTS = { [APP0]: "JFIF\0", [ICC]: "ICC_PROFILE\0", [ADOBE]: "Adobe" };
  const LONGEST = { [APP0]: 16, [ADOBE]: 14 };
  const SHOWN_CHUNKS = new Set((
    "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT"
  ).split(" "));
  const SHOWN_WEBP = new Set(["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]);
  const SHOWN_IN_FRAME = new Set(["VP8 ", "VP8L", "ALPH"]);
  const FRAME_HEADER = 16;
  // Bits of VP8X's flags: the file has EXIF and XMP chunks.
  const WEBP_METADATA = 0b1100;

  const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));
  const view = (bytes, at = 0, end = bytes.length) => new DataView(bytes.buffer, bytes.byteOffset + at, end - at);

  /** The type by the first bytes, whatever the file's name; "" where the site does not accept it. */
  function sniff(bytes) {
    if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
    if (text(bytes, 1, 3) === "PNG") return "image/png";
    if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") return "image/webp";
    return "";
  }

  /** The orientation that Exif data from `at` up to `end` has; 1, upright, where it has none. */
  function orientation(bytes, at, end) {
    const start = text(bytes, at, 6) === "Exif\0\0" ? at + 6 : at;
    try {
      const tiff = view(bytes, start, end);
      const little = tiff.getUint16(0) === 0x4949;
      const directory = tiff.getUint32(4, little);
      for (let entry = 0; entry < tiff.getUint16(directory, little); entry++) {
        const place = directory + 2 + 12 * entry;
        if (tiff.getUint16(place, little) === 0x0112) return tiff.getUint16(place + 8, little);
      }
    } catch {
      // Damaged Exif data turns nothing.
    }
    return 1;
  }

  /** An Exif segment with the orientation and nothing else. */
  function orientationSegment(value) {
    return new Uint8Array([
      0xff, EXIF, 0, 34, ...[..."Exif\0\0MM\0*"].map((letter) => letter.charCodeAt(0)), 0, 0, 0, 8,
      0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0,
    ]);
  }

  /** Where the coded data from `at` on end; 0xFF 0x00 is data, 0xFF 0x01 and 0xD0 to 0xD7 stand alone. */
  function nextMarker(bytes, at) {
    for (const last = bytes.length - 1; at < last; at++) {
      if (bytes[at] !== 0xff) continue;
      const next = bytes[at + 1];
      if (next > 1 && next !== 0xff && (next & 0xf8) !== 0xd0) return at;
    }
    return -1;
  }

  function isShownSegment(bytes, marker, at) {
    const start = SHOWN_SEGMENTS[marker];
    if (start) return text(bytes, at, start.length) === start;
    // Tables, frames and scans.
    return (marker >= 0xc0 && marker <= 0xcf) || (marker >= SCAN && marker <= 0xdd);
  }

  /** The part from `at` up to `end`, without what a segment has beyond its longest: a thumbnail of no pixels stays. */
  function shortened(bytes, marker, at, end) {
    const longest = LONGEST[marker];
    if (!longest || end - at - 2 <= longest) return bytes.subarray(at, end);
    const kept = bytes.slice(at, at + 2 + longest);
    kept.set([0, longest], 2);
    if (marker === APP0) kept.set([0, 0], longest);
    return kept;
  }

  function strippedJpeg(bytes) {
    const kept = [];
    let turned, at = 2;
    // Browsers skip what is no marker between two segments; so does this.
    while ((at = nextMarker(bytes, at)) !== -1) {
      const marker = bytes[at + 1];
      if (marker === END) {
        // What follows the end, such as the film of a moving photo, is left out.
        const exif = turned > 1 && turned < 9 ? [orientationSegment(turned)] : [];
        return [bytes.subarray(0, 2), ...exif, ...kept, bytes.subarray(at, at + 2)];
      }
      const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
      // Of several the first one counts, as in browsers.
      if (marker === EXIF && text(bytes, at + 4, 4) === "Exif") turned ??= orientation(bytes, at + 4, end);
      const next = marker === SCAN ? nextMarker(bytes, end) : end;
      if (next === -1) return null;
      if (isShownSegment(bytes, marker, at + 4)) kept.push(shortened(bytes, marker, at, next));
      at = next;
    }
    return null;
  }

  /** `[name, start, end]` of each chunk from `at` up to `end`; null where the last one is cut off. */
  function chunks(bytes, at, end, isPng) {
    const data = view(bytes), found = [];
    while (at + 8 <= end) {
      const length = data.getUint32(isPng ? at : at + 4, !isPng);
      const name = text(bytes, isPng ? at + 4 : at, 4), next = at + 8 + length + (isPng ? 4 : 0);
      if (next > end) return null;
      found.push([name, at, next]);
      if (isPng && name === "IEND") return found;
      at = isPng ? next : next + (length & 1);
    }
    return isPng ? null : found;
  }

  function strippedPng(bytes) {
    const all = chunks(bytes, 8, bytes.length, true);
    if (!all) return null;
    if (all.some(([name, at, end]) => name === "eXIf" && orientation(bytes, at + 8, end - 4) !== 1)) return "redraw";
    const shown = all.filter(([name]) => SHOWN_CHUNKS.has(name));
    return [bytes.subarray(0, 8), ...shown.map(([, at, end]) => bytes.subarray(at, end))];
  }

  function strippedWebp(bytes) {
    const all = chunks(bytes, 12, Math.min(bytes.length, view(bytes).getUint32(4, true) + 8), false);
    if (!all) return null;
    const isForeign = ([name, at, end]) =>
      name === "ANMF" && !chunks(bytes, at + 8 + FRAME_HEADER, end, false)?.every(([part]) => SHOWN_IN_FRAME.has(part));
    const isTurned = ([name, at, end]) => name === "EXIF" && orientation(bytes, at + 8, end) !== 1;
    if (all.some((chunk) => isForeign(chunk) || isTurned(chunk))) return "redraw";
    const parts = [bytes.slice(0, 12)];
    for (const [name, at, end] of all.filter(([name]) => SHOWN_WEBP.has(name))) {
      const chunk = bytes.slice(at, end);
      if (name === "VP8X") chunk[8] &= ~WEBP_METADATA;
      parts.push(chunk, new Uint8Array((end - at) & 1));
    }
    view(parts[0]).setUint32(4, parts.reduce((sum, part) => sum + part.length, 0) - 8, true);
    return parts;
  }

  // The parts that stay; "redraw" where only drawing keeps how the picture looks; null where its end is missing.
  const STRIPPED = { "image/jpeg": strippedJpeg, "image/png": strippedPng, "image/webp": strippedWebp };

  /**
   * The file without its metadata, as a Blob of type JPEG, PNG or WebP; null where it must be drawn
   * again to remove them, or to convert it to a format that the site accepts. Throws for a photo without an end.
   */
  async function withoutMetadata(file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const type = sniff(bytes);
    if (!type) return null;
    const parts = STRIPPED[type](bytes);
    if (!parts) throw new Error("The photo is cut off or damaged. Choose another one.");
    return parts === "redraw" ? null : new Blob(parts, { type });
  }

  window.slipway = { ...window.slipway, withoutMetadata };
})();
