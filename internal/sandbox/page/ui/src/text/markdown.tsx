// The markdown block: standard Markdown, read by marked and drawn as nodes.
// HTML in it shows as the text that it is.
import { lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { withEmoji } from "./emoji";
import { Anchor, Picture } from "./parts";

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const decode = (s: string): string => s.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => entities[name] ?? whole);

export const Markdown = ({ source }: { source: string }): VNode => <div class="markdown text">{all(lexer(source, { gfm: true, breaks: true }))}</div>;

const all = (tokens: Token[] | undefined): ComponentChildren[] => (tokens ?? []).map(one);

// one draws a token. Headings stand below those of the page and of a message.
function one(token: Token): ComponentChildren {
  switch (token.type) {
    case "heading": return <p class={`heading level-${(token as Tokens.Heading).depth}`} role="heading" aria-level={Math.min(6, (token as Tokens.Heading).depth + 3)}>{all(token.tokens)}</p>;
    case "paragraph": return <p>{all(token.tokens)}</p>;
    case "text": return token.tokens ? <>{all(token.tokens)}</> : withEmoji(decode((token as Tokens.Text).text));
    case "escape": return (token as Tokens.Escape).text;
    case "strong": return <strong>{all(token.tokens)}</strong>;
    case "em": return <em>{all(token.tokens)}</em>;
    case "del": return <s>{all(token.tokens)}</s>;
    case "codespan": return <code>{decode((token as Tokens.Codespan).text)}</code>;
    case "code": return <pre>{(token as Tokens.Code).text}</pre>;
    case "blockquote": return <blockquote>{all(token.tokens)}</blockquote>;
    case "br": return <br />;
    case "hr": return <hr />;
    case "link": return <Anchor url={(token as Tokens.Link).href}>{all(token.tokens)}</Anchor>;
    case "image": return <Picture alt={(token as Tokens.Image).text || (token as Tokens.Image).href} />;
    case "list": return list(token as Tokens.List);
    case "table": return table(token as Tokens.Table);
    case "space": case "def": return null;
    case "checkbox": return null;
  }
  return token.raw;
}

function list(token: Tokens.List): VNode {
  const items = token.items.map((item) => (
    <li>{item.task ? <span role="img" aria-label={item.checked ? "done" : "to do"}>{item.checked ? "☑ " : "☐ "}</span> : null}{all(item.tokens)}</li>
  ));
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

const table = (token: Tokens.Table): VNode => (
  <div class="table-box"><table>
    <thead><tr>{token.header.map((cell) => <th scope="col">{all(cell.tokens)}</th>)}</tr></thead>
    <tbody>{token.rows.map((row) => <tr>{row.map((cell) => <td>{all(cell.tokens)}</td>)}</tr>)}</tbody>
  </table></div>
);
