// What the page is told: by /practice/snapshot, the stream of events and the
// answers to actions. The Go types of the same names are in ../../*.go.

export interface Person { id: string; name: string; handle: string; zone: string; role?: string; app: boolean }
export interface Channel { id: string; name: string; member: boolean; private: boolean; direct: boolean; archived: boolean }
export interface Command { name: string; description: string; hint: string }

export interface Message {
  ts: string; thread_ts?: string; author: string; text: string;
  blocks?: Block[]; state?: State; edited: boolean; ephemeral: boolean; broadcast: boolean; replies: number;
}

export interface View {
  id: string; title: string; submit: string; close: string; blocks: Block[]; state: State;
  errors: Record<string, string> | null; problem: string;
}

export interface Request {
  id: string; email: string; message: string; status: string; requested_at: string;
  decided_by: string; elsewhere: boolean; groups: string[]; gated: boolean;
}
export interface Access { email: string; status: string; groups: string[]; expires: string }
export interface Group { id: string; name: string }

export interface Line {
  id: string; time: string; from: string; to: string; what: string; status: number; millis: number;
  note?: string; failed: boolean; signature?: "valid" | "invalid";
}
export interface Fault { id: string; name: string; hint: string; on: boolean }

export interface Parts {
  people: Person[]; channels: Channel[]; commands: Command[];
  views: View[]; home: View | null;
  requests: Request[]; access: Access[]; groups: Group[]; more_groups: number;
  faults: Fault[]; running: boolean;
}
export interface Start extends Parts { person: string; channel: string; messages: Message[]; earlier: number; wire: Line[] }
export interface Change extends Partial<Parts> { changed?: Message[]; gone?: string[]; wire?: Line[] }
export interface Stretch { messages: Message[]; earlier: number; later: number }

export interface Answer { ok: boolean; error?: string }

// Block Kit, as far as the page draws it. What is not known is drawn as such.
export interface TextObject { type: "plain_text" | "mrkdwn"; text: string; emoji?: boolean; verbatim?: boolean }
export interface OptionObject { text: TextObject; value: string; description?: TextObject; url?: string }
export interface OptionGroup { label: TextObject; options: OptionObject[] }
export interface Confirm { title: TextObject; text: TextObject; confirm: TextObject; deny: TextObject; style?: string }

export interface Element {
  type: string; action_id: string; text?: TextObject; value?: string; url?: string; style?: string; confirm?: Confirm;
  accessibility_label?: string; placeholder?: TextObject; options?: OptionObject[]; option_groups?: OptionGroup[];
  max_selected_items?: number; min_query_length?: number; multiline?: boolean; min_length?: number; max_length?: number;
  is_decimal_allowed?: boolean; min_value?: string; max_value?: string; timezone?: string;
  dispatch_action_config?: { trigger_actions_on?: string[] }; focus_on_load?: boolean; alt_text?: string; image_url?: string;
}

export interface RichStyle { bold?: boolean; italic?: boolean; strike?: boolean; code?: boolean; underline?: boolean; highlight?: boolean }
export interface RichLeaf {
  type: string; text?: string; url?: string; user_id?: string; usergroup_id?: string; channel_id?: string; range?: string;
  name?: string; unicode?: string; timestamp?: number; format?: string; fallback?: string; value?: string; style?: RichStyle;
}
export interface RichPart { type: string; elements: RichPart[] | RichLeaf[]; style?: string; indent?: number; offset?: number; border?: number }

export interface Block {
  type: string; block_id: string; text?: TextObject | string; fields?: TextObject[]; accessory?: Element; elements?: unknown[];
  element?: Element; label?: TextObject; hint?: TextObject; optional?: boolean; dispatch_action?: boolean;
  title?: TextObject; alt_text?: string; image_url?: string; level?: number;
}

// State is state.values: what is in an element, by block and by action.
export interface ElementState {
  type: string; value?: string | null; selected_date?: string | null; selected_time?: string | null; selected_date_time?: number | null;
  selected_option?: OptionObject | null; selected_options?: OptionObject[];
  selected_user?: string | null; selected_users?: string[]; selected_channel?: string | null; selected_channels?: string[];
  selected_conversation?: string | null; selected_conversations?: string[];
}
export type State = Record<string, Record<string, ElementState>>;
