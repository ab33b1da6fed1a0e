// The page: fetches what the acting person sees whenever something changed, and
// draws it.
import { byID, el, redraw, toast } from "./dom.js";
import { drawBlocks } from "./blocks.js";
import { drawHints } from "./hints.js";
import { closeMenu, followMenu } from "./menu.js";
import { drawModal } from "./modal.js";
import { drawRoom, drawWire } from "./side.js";
import { localOf, post, prune, surfaceFor } from "./surface.js";
import { dayIn, mrkdwn, timeIn } from "./text.js";
import { drawWhatIf } from "./whatif.js";

const chosen = new URLSearchParams(location.search);
let shown = null; // the snapshot on the screen
let fetching = null;
let stale = false;

// refresh fetches until what is shown is as new as the last call of refresh.
function refresh() {
  stale = true;
  fetching ??= (async () => {
    while (stale) {
      stale = false;
      const asked = chosen.toString();
      try {
        const response = await fetch(`/practice/snapshot?${asked}`);
        if (!response.ok) throw new Error(response.statusText);
        const snapshot = await response.json();
        if (asked !== chosen.toString()) stale = true;
        else shown = snapshot;
      } catch {
        break; // the stream of events says when to try again
      }
    }
    fetching = null;
    draw();
  })();
  return fetching;
}

// changed draws what a person did at once; anew fetches as well.
const changed = (anew = false) => (anew ? refresh() : draw());

function choose(name, value) {
  chosen.set(name, value);
  history.replaceState(null, "", `?${chosen}`);
  closeMenu();
  refresh();
}

function namesOf(snapshot) {
  const person = new Map(snapshot.people.map((p) => [p.id, p.name]));
  const channel = new Map(snapshot.channels.map((c) => [c.id, c.name]));
  let zone = snapshot.people.find((p) => p.id === snapshot.person)?.zone || "UTC";
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
  } catch {
    zone = "UTC";
  }
  return {
    zone, people: snapshot.people, channels: snapshot.channels.filter((c) => c.member),
    person: (id) => person.get(id), channel: (id) => channel.get(id),
  };
}

function draw() {
  if (!shown) return;
  prune(shown.views);
  const names = namesOf(shown);
  const namesSignature = [shown.people, shown.channels];
  drawPeople();
  drawChannels(names);
  drawMessages(names, namesSignature);
  drawModal({ views: shown.views, person: shown.person, names, namesSignature, changed });
  drawRoom(shown, names.zone, refresh);
  drawWire(shown.wire, names.zone);
  drawWhatIf(shown, refresh);
  drawHints(shown.requests, changed);
  followMenu();
}

const initials = (name) => name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();

function avatar(person, place) {
  if (person?.app) return el("img", { class: "avatar", src: "/assets/icon.svg", alt: "" });
  return el("span", { class: `avatar tint-${place % 6}`, "aria-hidden": "true" }, initials(person?.name ?? "?"));
}

function drawPeople() {
  redraw(byID("people"), [shown.people, shown.person], () => shown.people.map((p, i) => (p.app || p.role === "deactivated" ? null :
    el("button", {
      type: "button", class: "person", key: `person|${p.id}`, "aria-pressed": String(p.id === shown.person), onclick: () => choose("as", p.id),
    }, avatar(p, i), el("span", { class: "person-name" }, p.name)))));
}

function drawChannels(names) {
  redraw(byID("channels"), [shown.channels, shown.channel], () => names.channels.map((c) =>
    el("li", {}, el("button", {
      type: "button", key: `channel|${c.id}`, "aria-current": c.id === shown.channel ? "true" : null, onclick: () => choose("channel", c.id),
    }, el("span", { "aria-hidden": "true" }, "# "), c.name))));
  byID("channel-name").textContent = shown.channel ? `# ${names.channel(shown.channel)}` : "No channel";
  byID("zone").textContent = `Times in ${names.person(shown.person) ?? "your"}’s zone, ${names.zone}`;
}

// inOrder puts replies under the message that they answer.
function inOrder(messages) {
  const first = new Set(messages.filter((m) => !m.thread_ts).map((m) => m.ts));
  const replies = Map.groupBy(messages.filter((m) => first.has(m.thread_ts)), (m) => m.thread_ts);
  return messages.filter((m) => !first.has(m.thread_ts)).flatMap((m) =>
    [m, ...(replies.get(m.ts) ?? []).map((reply) => ({ ...reply, reply: true }))]);
}

const nodes = new Map(); // the messages on the screen, by key
let drawnFor = "";

function drawMessages(names, namesSignature) {
  const scroller = byID("scroller");
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const list = byID("messages");
  const wanted = new Set();
  let previous = null;
  let day = "";
  const put = (key, make) => {
    wanted.add(key);
    let node = nodes.get(key);
    if (!node) nodes.set(key, (node = make()));
    const after = previous ? previous.nextSibling : list.firstChild;
    if (node !== after) list.insertBefore(node, after);
    previous = node;
    return node;
  };
  for (const m of inOrder(shown.messages)) {
    const today = dayIn(names.zone, m.ts);
    if (!m.reply && today !== day) put(`day|${today}`, () => el("li", { class: "day" }, el("span", {}, today)));
    if (!m.reply) day = today;
    const key = `m:${shown.person}:${shown.channel}:${m.ts}`;
    const node = put(key, () => el("li", { class: "message" }));
    node.classList.toggle("ephemeral", m.ephemeral);
    node.classList.toggle("reply", m.reply === true);
    redraw(node, [m, shown.person, names.zone, namesSignature, localOf(key)], () => messageParts(m, key, names));
  }
  for (const [key, node] of nodes) {
    if (wanted.has(key)) continue;
    node.remove();
    nodes.delete(key);
  }
  byID("nothing").hidden = shown.messages.length > 0;
  byID("earlier").hidden = shown.earlier === 0;
  byID("earlier").textContent = `${shown.earlier} earlier messages are not shown.`;
  const place = `${shown.person} ${shown.channel}`;
  if (atEnd || place !== drawnFor) scroller.scrollTop = scroller.scrollHeight;
  drawnFor = place;
}

function messageParts(m, key, names) {
  const at = shown.people.findIndex((p) => p.id === m.author);
  const author = shown.people[at];
  const surface = surfaceFor({
    key, place: { channel: shown.channel, ts: m.ts }, as: shown.person, state: m.state, ctx: names, changed,
  });
  return [
    avatar(author, Math.max(at, 0)),
    el("article", { "aria-label": `${author?.name ?? m.author}, ${timeIn(names.zone, m.ts)}` },
      el("p", { class: "byline" },
        el("strong", {}, author?.name ?? m.author), author?.app ? el("span", { class: "app" }, "APP") : null,
        el("time", { datetime: new Date(Number(m.ts) * 1000).toISOString() }, timeIn(names.zone, m.ts)),
        m.ephemeral ? el("span", { class: "only-you" }, "Only visible to you") : null),
      m.blocks ? drawBlocks(m.blocks, surface) : el("div", { class: "text" }, mrkdwn(m.text, names)),
      m.edited ? el("p", { class: "edited" }, "(edited)") : null),
  ];
}

// On a narrow screen one part shows at a time.
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    document.body.dataset.tab = tab.dataset.tab;
    for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-pressed", String(other === tab));
  });
}

function follow() {
  const events = new EventSource("/practice/events");
  events.onmessage = () => {
    byID("connection").textContent = "";
    refresh();
  };
  events.onerror = () => {
    byID("connection").textContent = "Not connected, trying again…";
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, 1000);
  };
}

// sends makes a form of the customer's side send itself.
function sends(form, path, done) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const outcome = await post(path, Object.fromEntries(new FormData(form)));
    if (!outcome.ok) {
      toast(outcome.error);
      return;
    }
    form.reset();
    toast(done, "good");
    refresh();
  });
}

sends(byID("customer"), "request", "Requested. Frontdesk will hear of it from Conveyor.");
sends(byID("group"), "group", "The access group is there. Frontdesk offers it with the next new request.");
follow();
