// Block Kit, drawn. A surface is where the blocks stand, a message or a view:
//   key                     names it across redraws
//   ctx                     what texts may name (see text.js), and people and channels
//   value(slot)             what the person sees in an element: {text, date, options}
//   use(slot, input, shown, entered)
//                           an element is used: sends it, or keeps it until submission;
//                           shown are the options chosen, entered that Enter was pressed
//   undo()                  draws again what the person saw before
//   busy(slot)              it is being sent
//   search(slot, query)     asks the app for the options of an external menu
//   errors                  sentences under inputs, by block id
import { el, toast } from "./dom.js";
import { openMenu } from "./menu.js";
import { anchor, dateToken, emojiOf, mention, plainOf, textOf } from "./text.js";

export function drawBlocks(blocks, surface) {
  return blocks.map((block) => drawBlock(block, surface));
}

function drawBlock(block, surface) {
  const { ctx } = surface;
  switch (block.type) {
    case "header":
      return el("h3", { class: "b-header" }, plainOf(block.text));
    case "section":
      return el("div", { class: "b-section" },
        el("div", { class: "b-body" },
          block.text ? el("div", { class: textClass(block.text) }, textOf(block.text, ctx)) : null,
          block.fields ? el("div", { class: "b-fields" },
            block.fields.map((field) => el("div", { class: textClass(field) }, textOf(field, ctx)))) : null),
        block.accessory ? el("div", { class: "b-accessory" }, drawElement(block.accessory, block, surface)) : null);
    case "context":
      return el("div", { class: "b-context" }, block.elements.map((item) =>
        item.type === "image" ? image(item) : el("span", { class: textClass(item) }, textOf(item, ctx))));
    case "divider":
      return el("hr");
    case "actions":
      return el("div", { class: "b-actions" }, block.elements.map((item) => drawElement(item, block, surface)));
    case "image":
      return el("figure", { class: "b-image" }, block.title ? el("figcaption", {}, plainOf(block.title)) : null, image(block));
    case "input":
      return drawInput(block, surface);
    case "rich_text":
      return el("div", { class: "text" }, block.elements.map((part) => richPart(part, ctx)));
    case "markdown":
      return el("div", { class: "text plain-text" }, block.text);
  }
  return el("p", { class: "quiet" }, `(a block of the type ${block.type}, which this page does not draw)`);
}

const textClass = (object) => (object.type === "mrkdwn" ? "text" : "text plain-text");

// Images are on other machines, where this page does not go.
const image = (item) => el("span", { class: "image", role: "img", "aria-label": item.alt_text }, "🖼 ", item.alt_text);

function richPart(part, ctx) {
  const leaves = () => part.elements.map((leaf) => richLeaf(leaf, ctx));
  switch (part.type) {
    case "rich_text_section": return el("p", { class: "plain-text" }, leaves());
    case "rich_text_preformatted": return el("pre", {}, leaves());
    case "rich_text_quote": return el("blockquote", { class: "plain-text" }, leaves());
    case "rich_text_list":
      return el(part.style === "ordered" ? "ol" : "ul", { class: `rich indent-${part.indent ?? 0}` },
        part.elements.map((item) => el("li", { class: "plain-text" }, item.elements.map((leaf) => richLeaf(leaf, ctx)))));
  }
  return null;
}

function richLeaf(leaf, ctx) {
  const node = bareLeaf(leaf, ctx);
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  return Object.keys(tags).filter((name) => leaf.style?.[name]).reduce((inner, name) => el(tags[name], {}, inner), node);
}

function bareLeaf(leaf, ctx) {
  switch (leaf.type) {
    case "text": return document.createTextNode(leaf.text);
    case "link": return anchor(leaf.url, leaf.text || leaf.url);
    case "user": return mention("@" + (ctx.person(leaf.user_id) || leaf.user_id));
    case "usergroup": return mention("@" + leaf.usergroup_id);
    case "channel": return mention("#" + (ctx.channel(leaf.channel_id) || leaf.channel_id));
    case "broadcast": return mention("@" + leaf.range, "mention loud");
    case "emoji": return document.createTextNode(emojiOf(leaf.name));
    case "date": return dateToken(Number(leaf.timestamp), leaf.format, leaf.url, leaf.fallback ?? "", ctx);
    case "color": return el("code", {}, leaf.value);
  }
  return document.createTextNode("");
}

function drawInput(block, surface) {
  const slot = slotOf(block.element, block, surface);
  const error = surface.errors?.[block.block_id];
  const ids = { control: slot.key, error: `${slot.key}|error`, hint: `${slot.key}|hint` };
  const several = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const label = [plainOf(block.label), block.optional ? el("span", { class: "quiet" }, " (optional)") : null];
  slot.label = plainOf(block.label);
  slot.described = [error ? ids.error : "", block.hint ? ids.hint : ""].filter(Boolean).join(" ") || null;
  slot.invalid = error ? "true" : null;
  return el(several ? "fieldset" : "div", { class: error ? "b-input wrong" : "b-input" },
    several ? el("legend", {}, label) : el("label", { for: ids.control }, label),
    drawSlot(slot),
    error ? el("p", { class: "error", id: ids.error }, error) : null,
    block.hint ? el("p", { class: "hint", id: ids.hint }, plainOf(block.hint)) : null);
}

// slotOf gathers what drawing and using one element needs.
function slotOf(def, block, surface) {
  const input = block.type === "input";
  return {
    def, block, surface, input,
    key: `${surface.key}|${block.block_id}|${def.action_id}`,
    dispatch: !input || block.dispatch_action === true,
    label: def.placeholder ? plainOf(def.placeholder) : "Choose",
  };
}

function drawElement(def, block, surface) {
  return def.type === "image" ? image(def) : drawSlot(slotOf(def, block, surface));
}

function drawSlot(slot) {
  switch (slot.def.type) {
    case "button": return button(slot);
    case "overflow": return overflow(slot);
    case "checkboxes": return choices(slot, "checkbox");
    case "radio_buttons": return choices(slot, "radio");
    case "datepicker": return datePicker(slot);
    case "plain_text_input": return textInput(slot);
  }
  return select(slot);
}

// use asks for confirmation where the element wants it.
async function use(slot, input, shown) {
  if (slot.def.confirm && !(await confirmed(slot.def.confirm, slot.surface.ctx))) {
    slot.surface.undo?.();
    return;
  }
  slot.surface.use(slot, input, shown);
}

function button(slot) {
  const { def } = slot;
  const style = { primary: "primary", danger: "danger" }[def.style] ?? "";
  const busy = slot.surface.busy(slot);
  return el("button", {
    type: "button", class: `button ${style}`, key: slot.key, "aria-label": def.accessibility_label, "aria-busy": busy ? "true" : null,
    onclick: () => {
      if (slot.surface.busy(slot)) return;
      if (/^https?:\/\//i.test(def.url ?? "")) open(def.url, "_blank", "noopener,noreferrer");
      use(slot, {});
    },
  }, plainOf(def.text));
}

function overflow(slot) {
  return el("button", {
    type: "button", class: "button overflow", key: slot.key, "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-busy": slot.surface.busy(slot) ? "true" : null,
    onclick: () => openMenu({
      key: slot.key, label: "More actions", options: () => slot.def.options.map(shownOption), chosen: () => [],
      pick: (option) => {
        if (/^https?:\/\//i.test(option.url ?? "")) open(option.url, "_blank", "noopener,noreferrer");
        use(slot, { values: [option.value] });
      },
    }),
  }, "⋯");
}

const shownOption = (o) => ({ text: plainOf(o.text), value: o.value, url: o.url, description: o.description ? plainOf(o.description) : "" });

// offered lists what a menu can offer without asking the app.
function offered(slot) {
  const { def, surface } = slot;
  if (def.type.endsWith("users_select")) return surface.ctx.people.map((p) => ({ text: p.name, value: p.id }));
  if (/(channels|conversations)_select$/.test(def.type)) return surface.ctx.channels.map((c) => ({ text: "#" + c.name, value: c.id }));
  if (def.option_groups) {
    return def.option_groups.flatMap((g) => g.options.map((o) => ({ ...shownOption(o), group: plainOf(g.label) })));
  }
  return (def.options ?? []).map(shownOption);
}

function select(slot) {
  const { def, surface } = slot;
  const multi = def.type.startsWith("multi_");
  const external = def.type.endsWith("external_select");
  const now = () => surface.value(slot).options;
  const put = (options) => use(slot, { values: options.map((o) => o.value) }, options);
  const pick = (option) => {
    if (!multi) return put([option]);
    const before = now();
    const without = before.filter((o) => o.value !== option.value);
    if (without.length === before.length && before.length >= (def.max_selected_items ?? Infinity)) {
      return toast(`No more than ${def.max_selected_items} can be chosen.`);
    }
    return put(without.length === before.length ? [...before, option] : without);
  };
  const chosen = now();
  const placeholder = def.placeholder ? plainOf(def.placeholder) : "Choose an option";
  const name = slot.input ? slot.label : placeholder;
  const control = el("button", {
    type: "button", class: "select-control", key: slot.key, id: slot.input ? slot.key : null, "aria-haspopup": "listbox",
    "aria-expanded": "false", "aria-label": `${name}${chosen.length ? `, chosen: ${chosen.map((o) => o.text).join(", ")}` : ""}`,
    "aria-describedby": slot.described, "aria-invalid": slot.invalid,
    onclick: () => openMenu({
      key: slot.key, label: name, multi, filter: true, pick,
      options: () => (external ? now() : offered(slot)),
      chosen: () => now().map((o) => o.value),
      search: external ? (query) => surface.search(slot, query) : null,
      least: def.min_query_length ?? 3,
    }),
  }, el("span", { class: chosen.length && !multi ? "" : "placeholder" }, chosen.length && !multi ? chosen[0].text : placeholder));
  const remove = (option) => el("button", {
    type: "button", class: "plain", key: `${slot.key}|remove|${option.value}`, "aria-label": `Remove ${option.text}`,
    onclick: () => put(now().filter((o) => o.value !== option.value)),
  }, "×");
  const chips = multi && chosen.length > 0
    ? el("ul", { class: "chips" }, chosen.map((o) => el("li", {}, el("span", {}, o.text), remove(o)))) : null;
  const clear = !multi && slot.input && slot.block.optional && chosen.length > 0
    ? el("button", { type: "button", class: "plain clear", "aria-label": `Clear ${name}`, onclick: () => put([]) }, "×") : null;
  return el("div", { class: "select" }, chips, control, clear);
}

function choices(slot, type) {
  const { def, surface } = slot;
  const now = surface.value(slot).options.map((o) => o.value);
  const pick = (option, on) => {
    const before = surface.value(slot).options;
    const rest = type === "radio" ? [] : before.filter((o) => o.value !== option.value);
    const next = on ? [...rest, option] : rest;
    use(slot, { values: next.map((o) => o.value) }, next);
  };
  return el("div", { class: "choices", role: slot.input ? null : type === "radio" ? "radiogroup" : "group" }, def.options.map((o) =>
    el("label", {},
      el("input", {
        type, name: slot.key, key: `${slot.key}|${o.value}`, checked: now.includes(o.value), "aria-describedby": slot.described,
        onchange: (event) => pick({ text: o.text.text, value: o.value }, event.target.checked),
      }),
      el("span", { class: "text" }, textOf(o.text, surface.ctx),
        o.description ? el("span", { class: "hint" }, textOf(o.description, surface.ctx)) : null))));
}

function datePicker(slot) {
  return el("input", {
    type: "date", class: "field", key: slot.key, id: slot.input ? slot.key : null, value: slot.surface.value(slot).date,
    "aria-label": slot.input ? null : slot.label, "aria-describedby": slot.described, "aria-invalid": slot.invalid,
    onchange: (event) => use(slot, { date: event.target.value }),
  });
}

function textInput(slot) {
  const { def } = slot;
  const dispatch = (event) => slot.surface.use(slot, { text: event.target.value }, null, true);
  return el(def.multiline ? "textarea" : "input", {
    ...(def.multiline ? { rows: "4" } : { type: "text" }), class: "field", key: slot.key, id: slot.key, autocomplete: "off",
    placeholder: def.placeholder ? plainOf(def.placeholder) : null, value: slot.surface.value(slot).text,
    "aria-describedby": slot.described, "aria-invalid": slot.invalid,
    oninput: (event) => slot.surface.use(slot, { text: event.target.value }),
    onkeydown: (event) => slot.dispatch && event.key === "Enter" && !event.shiftKey && dispatch(event),
  });
}

// confirmed asks before an element is used.
function confirmed(confirm, ctx) {
  return new Promise((resolve) => {
    const end = (word) => () => dialog.close(word);
    const dialog = el("dialog", { class: "modal small", "aria-labelledby": "confirm-title" },
      el("header", {}, el("h2", { id: "confirm-title" }, plainOf(confirm.title))),
      el("div", { class: "modal-body" }, el("div", { class: textClass(confirm.text) }, textOf(confirm.text, ctx))),
      el("footer", {}, el("span", { class: "not-slack" }, "Practice workspace, not Slack"),
        el("button", { type: "button", class: "button", onclick: end("no") }, plainOf(confirm.deny)),
        el("button", {
          type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`, onclick: end("yes"),
        }, plainOf(confirm.confirm))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
