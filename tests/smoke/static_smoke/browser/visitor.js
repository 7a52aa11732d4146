// What visitors do on a page, as far as it changes nothing: hover, focus, scroll, click. Called with the limits, then
// the elements with listeners of its own: first those that a click concerns (`limits.clickable` of them), then others.
// Gives the number of elements that it clicked; with 0 there is nothing new to click.
async (limits, ...listening) => {
  const { now, later, frame, done } = slipwaySmoke;
  const end = now() + limits.seconds * 1000;
  const inTime = () => now() < end;
  const wait = milliseconds => new Promise(resolve => later(resolve, milliseconds));
  const frames = () => new Promise(resolve => frame(() => frame(resolve)));
  const all = selector => [...document.querySelectorAll(selector)];
  const CLICKABLE = `button, summary, label[for], input[type=button], input[type=checkbox], input[type=radio],
    [role=button], [role=tab], [role=menuitem], [role=switch], [role=checkbox], [role=option], [role=combobox],
    [aria-expanded], [aria-controls], [aria-haspopup], [popovertarget], [commandfor], [onclick], [data-toggle],
    [data-bs-toggle], a:not([href]), a[href^="#"], a[href^="javascript:"]`;
  const HOVERABLE = "a, button, img, picture, video, figure, li, label, [title], [data-src], [onmouseover], [onmouseenter]";
  const FOCUSABLE = "input:not([type=hidden]), textarea, select, [contenteditable], [onfocus]";

  const words = element =>
    ["id", "class", "name", "value", "title", "aria-label", "href", "data-action", "onclick"]
      .map(name => element.getAttribute(name) || "")
      .concat(element.textContent.length < 80 ? element.textContent : "")
      .join(" ");
  const harmless = element => {
    const link = element.closest("a[href], area[href]");
    if (link && !/^(#|javascript:)/i.test(link.getAttribute("href"))) return false;
    const form = element.form || element.closest("form");
    if (form && form.method !== "get") return false;
    if (/^(submit|reset|image|file)$/.test(element.type || "") && (form || element.type === "image")) return false;
    if (element.type === "file") return false;
    const control = element.closest("button, a, label, [role]") || element;
    return !new RegExp(limits.never, "i").test(`${words(element)} ${words(control)}`);
  };
  // Not `instanceof Element`: a frame's elements have a class of their own.
  const isElement = node => node.nodeType === Node.ELEMENT_NODE;
  const visible = node => isElement(node) && node.isConnected && node.getClientRects().length > 0;
  const send = (element, type, kind = MouseEvent, more = {}) => {
    const box = element.getBoundingClientRect();
    element.dispatchEvent(
      new kind(type, {
        bubbles: !/(enter|leave)$/.test(type),
        cancelable: true,
        composed: true,
        view: window,
        clientX: box.x + box.width / 2,
        clientY: box.y + box.height / 2,
        ...more,
      })
    );
  };
  const hover = element => {
    for (const type of ["pointerover", "pointerenter", "pointermove"]) send(element, type, PointerEvent);
    for (const type of ["mouseover", "mouseenter", "mousemove"]) send(element, type);
  };
  const once = (kind, element) => {
    const seen = (done[kind] ||= new WeakSet());
    return !seen.has(element) && seen.add(element);
  };
  const others = listening.slice(limits.clickable);

  for (const element of [...others, ...all(HOVERABLE)].slice(0, limits.hovers))
    if (inTime() && visible(element) && once("hover", element)) hover(element);

  for (const element of [...others, ...all(FOCUSABLE)].slice(0, limits.hovers))
    if (inTime() && visible(element) && element.focus && once("focus", element)) element.focus({ preventScroll: true });

  const scrolls = element =>
    /auto|scroll/.test(getComputedStyle(element).overflow) &&
    (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1);
  const scrollers = all("body *").slice(0, limits.elements).filter(element => scrolls(element) && once("scroll", element));
  for (const element of scrollers.slice(0, limits.scrollers)) {
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const steps = Math.ceil(
      Math.max(element.scrollHeight / (element.clientHeight || 1), element.scrollWidth / (element.clientWidth || 1))
    );
    for (let step = 1; step <= Math.min(steps, 50) && inTime(); step++) {
      element.scrollTo({ top: step * element.clientHeight, left: step * element.clientWidth, behavior: "instant" });
      await frames();
    }
    element.scrollTo({ top: element.scrollHeight, left: element.scrollWidth, behavior: "instant" });
    await frames();
  }

  // A letter in each field, another option of each list: suggestions and variants are requested then.
  for (const element of all("input, textarea, select").slice(0, limits.hovers)) {
    const list = element.tagName === "SELECT";
    if (!list && !/^(text|search|number|textarea)$/.test(element.type)) continue;
    if (!inTime() || !visible(element) || !harmless(element) || !once("type", element)) continue;
    const before = list ? element.selectedIndex : element.value;
    if (list) element.selectedIndex = (before + 1) % (element.options.length || 1);
    // A framework overwrites the field's own setter.
    else Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set.call(element, `${before}1`);
    const key = { key: "1", code: "Digit1" };
    if (!list) send(element, "keydown", KeyboardEvent, key);
    send(element, "input", InputEvent);
    if (!list) send(element, "keyup", KeyboardEvent, key);
    send(element, "change", Event);
  }
  for (const element of listening)
    for (const type of ["contextmenu", "dblclick"])
      if (inTime() && visible(element) && harmless(element) && once(type, element))
        send(element, type);

  const pointed = all("body *").slice(0, limits.elements).filter(
    element =>
      getComputedStyle(element).cursor === "pointer" &&
      getComputedStyle(element.parentElement).cursor !== "pointer"
  );
  const clickable = new Set([...listening.slice(0, limits.clickable), ...all(CLICKABLE), ...pointed]);
  let clicked = 0;
  for (const element of clickable) {
    if (!inTime() || (done.clicks || 0) >= limits.clicks) break;
    if (!isElement(element) || element === element.ownerDocument.documentElement) continue;
    if (!visible(element) || !harmless(element) || !once("click", element)) continue;
    element.scrollIntoView({ block: "center", behavior: "instant" });
    hover(element);
    send(element, "pointerdown", PointerEvent);
    send(element, "mousedown");
    if (element.focus) element.focus({ preventScroll: true });
    send(element, "pointerup", PointerEvent);
    send(element, "mouseup");
    if (element.click) element.click();
    else send(element, "click");
    done.clicks = (done.clicks || 0) + 1;
    clicked++;
    await wait(20);
  }
  await frames();
  return clicked;
}
