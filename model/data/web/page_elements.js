// Reads what a web page shows: runs inside the page, returns boxes in CSS pixels of the viewport.
() => {
  const clean = (text) => (text || "").replace(/\s+/g, " ").trim();
  const bare = (family) => family.trim().replace(/["']/g, "");
  const width = innerWidth, height = innerHeight;
  const asBox = (r) => [r.left, r.top, r.right, r.bottom];
  const inside = (b) => b[0] >= 0 && b[1] >= 0 && b[2] <= width && b[3] <= height;
  const touches = (b) => b[2] > 0 && b[3] > 0 && b[0] < width && b[1] < height;
  const large = (b) => b[2] - b[0] >= 6 && b[3] - b[1] >= 6;
  const union = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
  const seen = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // Whether a point of a box belongs to the element, and nothing lies over it.
  const onTop = (element, box) => {
    const hit = document.elementFromPoint((box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
    return hit && (element === hit || element.contains(hit) || (hit.closest("label") || {}).control === element);
  };

  // Whether nothing that scrolls or cuts hides a part of a box.
  const uncut = (element, b) => {
    for (let node = element; node && node !== document.body; node = node.parentElement) {
      if (getComputedStyle(node).overflow === "visible") continue;
      const r = node.getBoundingClientRect();
      if (b[0] < r.left - 1 || b[1] < r.top - 1 || b[2] > r.right + 1 || b[3] > r.bottom + 1) return false;
    }
    return true;
  };

  const lineBoxes = (node) => {
    const lines = [];
    const range = document.createRange();
    for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const rect = range.getBoundingClientRect();
      if (!rect.width || !rect.height) continue;
      const last = lines[lines.length - 1];
      if (last && Math.abs(last.box[1] - rect.top) < rect.height / 2) {
        last.text += " " + word[0];
        last.box = union(last.box, asBox(rect));
      } else {
        lines.push({ text: word[0], box: asBox(rect) });
      }
    }
    return lines;
  };

  const texts = [], doubtful = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent || parent.closest("script,style,noscript,option") || !seen(parent)) continue;
    const casing = getComputedStyle(parent).textTransform;
    const lines = lineBoxes(node);
    for (const line of lines) {
      if (casing === "uppercase") line.text = line.text.toUpperCase();
      if (casing === "capitalize") line.text = line.text.replace(/\b\w/g, (letter) => letter.toUpperCase());
      if (inside(line.box) && uncut(parent, line.box) && onTop(parent, line.box)) texts.push([lines.length === 1, line.text, line.box]);
      else if (touches(line.box)) doubtful.push(line.text);
    }
  }

  const roleOf = (element) => {
    const tag = element.tagName, type = (element.getAttribute("type") || "text").toLowerCase();
    const said = element.getAttribute("role");
    if (element.dataset.concept) return "icon";
    if (said === "switch") return "toggle";
    if (said === "combobox") return "dropdown";
    if (said === "option" || said === "treeitem") return "item";
    if (said === "menuitem" && element.closest("[role=menubar]")) return "menu";
    if (tag === "SELECT") return "dropdown";
    if (tag === "TEXTAREA") return "field";
    if (tag === "INPUT") {
      if (type === "checkbox" || type === "radio") return type;
      if (type === "range") return "slider";
      if (["submit", "button", "reset"].includes(type)) return "button";
      if (["hidden", "file", "color", "image"].includes(type)) return null;
      return "field";
    }
    if (/^H[1-6]$/.test(tag)) return "heading";
    if (said === "tab" || element.closest(".nav-tabs,.tabs,[role=tablist]")) return "tab";
    if (said === "menuitem" || element.closest(".dropdown-menu,[role=menu]")) return "menu item";
    if (tag === "A" && !/\bbtn|button/.test(element.className)) return "link";
    return "button";
  };

  const ticks = (role) => ["checkbox", "radio", "toggle"].includes(role);

  const own = (element, role) => {
    if (role === "icon") return { text: element.dataset.concept };
    const named = document.getElementById(element.getAttribute("aria-labelledby"));
    if (named) return { text: clean(named.innerText) };
    if (element.labels && element.labels.length) {
      const text = clean(element.labels[0].innerText);
      if (text) return { text, label: element.labels[0] };
    }
    if (role === "button" && element.tagName === "INPUT") return { text: clean(element.value) };
    if (["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName)) {
      return { text: clean(element.placeholder) || clean(element.getAttribute("aria-label")) };
    }
    const shown = (element.innerText || "").trim();
    if (shown) return shown.includes("\n") ? { text: "" } : { text: clean(shown) };
    const image = element.querySelector("img[alt]");
    return { text: clean(element.getAttribute("aria-label") || element.title || (image && image.alt)) };
  };

  const elements = [];
  const wanted =
    "a[href],button,input,select,textarea,[role=button],[role=tab],[role=menuitem],[role=combobox]," +
    "[role=option],[role=treeitem],[data-concept],h1,h2,h3,h4,h5,h6";
  for (const element of document.querySelectorAll(wanted)) {
    let role = roleOf(element);
    if (!role || (role === "heading" && element.querySelector("a,button"))) continue;
    const { text, label } = own(element, role);
    const ticked = ticks(role);
    if (ticked && getComputedStyle(element).display === "none") role = "button"; // what it switches is its label
    let box = asBox(element.getBoundingClientRect());
    if (role === "heading") {
      const range = document.createRange();
      range.selectNodeContents(element);
      box = asBox(range.getBoundingClientRect());
    } else if (ticked && label && seen(label)) {
      const beside = asBox(label.getBoundingClientRect());
      box = seen(element) && large(box) ? union(box, beside) : beside;
    } else if (!seen(element)) {
      continue;
    }
    if (!touches(box) || !large(box)) continue;
    const small = (box[2] - box[0]) * (box[3] - box[1]) < 0.25 * width * height;
    const reached = onTop(element, box) || (ticked && label && onTop(label, box));
    const whole = inside(box) && uncut(element.parentElement, box);
    const intents = (element.dataset.intent || "").split("|").map(clean).filter(Boolean);
    if (text && text.length <= 40 && small && whole && reached) elements.push([role, intents, text, box]);
    else if (text) doubtful.push(text);
    if (element.value && !ticked && role !== "button") doubtful.push(String(element.value));
  }

  // Whether an element without text shows a glyph of an icon font, or one made of borders.
  const fonts = [...document.fonts].filter((face) => face.status === "loaded").map((face) => bare(face.family));
  const drawn = (element) => {
    const glyph = getComputedStyle(element, "::before");
    if (["none", "normal"].includes(glyph.content)) return false;
    return glyph.content === '""' || fonts.includes(bare(glyph.fontFamily.split(",")[0]));
  };

  // [whole, classes, box]; the box of a link or button that holds nothing else.
  const glyphs = [];
  for (const element of document.querySelectorAll("i[class],span[class]")) {
    if (element.dataset.concept || element.children.length || clean(element.innerText)) continue;
    if (!seen(element) || !drawn(element)) continue;
    const own = asBox(element.getBoundingClientRect());
    const holder = element.closest("a[href],button,[role=button]");
    const box = holder && !clean(holder.innerText) ? asBox(holder.getBoundingClientRect()) : own;
    if (!touches(own)) continue;
    const whole = inside(box) && large(own) && uncut(element.parentElement, own) && onTop(element, own);
    glyphs.push([Boolean(whole), element.className, box]);
  }
  return { elements, texts, doubtful, glyphs };
}
