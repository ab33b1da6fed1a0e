// A question before an element is used.
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { plain, Text, textClass } from "../text/mrkdwn";
import type { Confirm } from "../types";

const asked = signal<{ confirm: Confirm; answer: (yes: boolean) => void } | null>(null);

// confirmed asks, and gives whether the person agreed.
export const confirmed = (confirm: Confirm): Promise<boolean> => new Promise((answer) => {
  asked.value?.answer(false);
  asked.value = { confirm, answer };
});

export function ConfirmDialog(): VNode | null {
  const question = asked.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question && !dialog.current?.open) dialog.current?.showModal();
  }, [question]);
  if (!question) return null;
  const { confirm, answer } = question;
  const end = (yes: boolean): void => {
    dialog.current?.close();
    asked.value = null;
    answer(yes);
  };
  return (
    <dialog ref={dialog} class="modal small" role="alertdialog" aria-labelledby="confirm-title" aria-describedby="confirm-text" onCancel={(event) => { event.preventDefault(); end(false); }}>
      <header><h2 id="confirm-title">{plain(confirm.title)}</h2></header>
      <div class="modal-body"><div id="confirm-text" class={textClass(confirm.text)}><Text of={confirm.text} /></div></div>
      <footer>
        <span class="not-slack">Practice workspace, not Slack</span>
        <button type="button" class="button" onClick={() => end(false)}>{plain(confirm.deny)}</button>
        <button type="button" class={`button ${confirm.style === "danger" ? "danger" : "primary"}`} onClick={() => end(true)}>{plain(confirm.confirm)}</button>
      </footer>
    </dialog>
  );
}
