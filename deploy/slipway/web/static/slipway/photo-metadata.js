// Removes a photo's private metadata: place, time, camera, embedded thumbnails.
// A JPEG keeps its pixels bit for bit; of its Exif data only the orientation stays.
(() => {
  "use strict";

  const EXIF = 0xe1, ICC = 0xe2, ADOBE = 0xee, COMMENT = 0xfe, SCAN = 0xda, END = 0xd9;
  const PRIVATE_CHUNKS = ["eXIf", "tEXt", "iTXt", "zTXt", "EXIF", "XMP "];

  const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

  /** The type by the first bytes, whatever the file's name; "" where the site does not accept it. */
  function sniff(bytes) {
    if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
    if (text(bytes, 1, 3) === "PNG") return "image/png";
    if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") return "image/webp";
    return "";
  }

  function isKept(bytes, marker, at) {
    if (marker === ICC) return text(bytes, at, 11) === "ICC_PROFILE";
    if (marker === 0xe0) return text(bytes, at, 4) === "JFIF";
    return marker === ADOBE || (marker !== COMMENT && (marker < EXIF || marker > 0xef));
  }

  function orientation(bytes, at, end) {
    if (text(bytes, at, 4) !== "Exif") return 1;
    const tiff = new DataView(bytes.buffer, bytes.byteOffset + at + 6, end - at - 6);
    const little = tiff.getUint16(0) === 0x4949;
    const directory = tiff.getUint32(4, little);
    for (let entry = 0; entry < tiff.getUint16(directory, little); entry++) {
      const place = directory + 2 + 12 * entry;
      if (tiff.getUint16(place, little) === 0x0112) return tiff.getUint16(place + 8, little);
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

  /** Where the coded data from `at` on end; 0xFF 0x00 is data, 0xFF 0xD0 to 0xD7 restart it. */
  function nextMarker(bytes, at) {
    for (const last = bytes.length - 1; at < last; at++) {
      if (bytes[at] !== 0xff) continue;
      const next = bytes[at + 1];
      if (next !== 0 && next !== 0xff && (next & 0xf8) !== 0xd0) return at;
    }
    return -1;
  }

  function strippedJpeg(bytes) {
    const kept = [];
    let turned = 1, at = 2;
    while (at !== -1 && at + 1 < bytes.length) {
      const marker = bytes[at + 1];
      if (bytes[at] !== 0xff) break;
      if (marker === 0xff) { at++; continue; }
      if (marker === END) {
        // What follows the end, such as the film of a moving photo, is left out.
        const exif = turned > 1 && turned < 9 ? [orientationSegment(turned)] : [];
        return new Blob([bytes.subarray(0, 2), ...exif, ...kept, bytes.subarray(at, at + 2)], { type: "image/jpeg" });
      }
      const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
      if (marker === EXIF && turned === 1) {
        try { turned = orientation(bytes, at + 4, end); } catch { turned = 1; }
      }
      const next = marker === SCAN ? nextMarker(bytes, end) : end;
      if (isKept(bytes, marker, at + 4)) kept.push(bytes.subarray(at, next === -1 ? bytes.length : next));
      at = next;
    }
    return null;
  }

  function chunks(bytes, isPng) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), names = [];
    for (let at = isPng ? 8 : 12; at + 8 <= bytes.length;) {
      const length = view.getUint32(isPng ? at : at + 4, !isPng);
      names.push(text(bytes, isPng ? at + 4 : at, 4));
      at += isPng ? length + 12 : 8 + length + (length & 1);
    }
    return names;
  }

  /**
   * The file without its metadata, as a Blob of type JPEG, PNG or WebP; null where it must be drawn
   * again to remove them, or to convert it to a format that the site accepts. Throws for a JPEG without an end.
   */
  async function withoutMetadata(file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const type = sniff(bytes);
    if (type === "image/jpeg") {
      const stripped = strippedJpeg(bytes);
      if (!stripped) throw new Error("The photo is cut off or damaged. Choose another one.");
      return stripped;
    }
    if (!type || chunks(bytes, type === "image/png").some((name) => PRIVATE_CHUNKS.includes(name))) return null;
    return new Blob([file], { type });
  }

  window.slipway = { ...window.slipway, withoutMetadata };
})();
