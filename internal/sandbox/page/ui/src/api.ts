// Asking the practice workspace. Nothing here throws: what fails is an answer
// with a sentence for the person.
import type { Answer } from "./types";

const silent = "The practice workspace does not answer. Is it still running?";

export async function post<T extends Answer = Answer>(path: string, body: unknown): Promise<T> {
  try {
    const response = await fetch(`/practice/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    return await response.json() as T;
  } catch {
    return { ok: false, error: silent } as T;
  }
}

// get gives null when there is no answer; the stream of events says when to try
// again.
export async function get<T>(path: string, query: Record<string, string>): Promise<T | null> {
  try {
    const response = await fetch(`/practice/${path}?${new URLSearchParams(query)}`);
    return response.ok ? await response.json() as T : null;
  } catch {
    return null;
  }
}
