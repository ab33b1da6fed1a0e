// An ordinary Bolt app, written as Bolt's documentation has it: a small desk
// for access requests. Its only argument is JSON: receiver (http, express or
// socket), apiURL, token, and signingSecret or appToken; clientPingTimeout, in
// milliseconds, may be there, and install in place of token: then people install
// the app first (clientId, clientSecret, redirectUri, scopes, authorizationUrl).
// It says "ready" with its port on standard output, and ends when its standard
// input does.
import bolt from '@slack/bolt';
import oauth from '@slack/oauth';

const { App, ExpressReceiver, HTTPReceiver, SocketModeReceiver, LogLevel } = bolt;
const { MemoryInstallationStore } = oauth;

const settings = JSON.parse(process.argv[2]);
const clientOptions = { slackApiUrl: settings.apiURL };

// What makes a receiver show the page to install the app, and take people back.
function installer() {
  if (settings.install === undefined) return {};
  const { authorizationUrl, ...install } = settings.install;
  return {
    ...install,
    stateSecret: 'a secret of the app',
    installationStore: new MemoryInstallationStore(),
    installerOptions: {
      authorizationUrl, clientOptions, directInstall: true, redirectUriPath: new URL(install.redirectUri).pathname,
    },
  };
}

function receiver() {
  switch (settings.receiver) {
    case 'http':
      return new HTTPReceiver({ signingSecret: settings.signingSecret, logLevel: LogLevel.WARN, ...installer() });
    case 'express':
      return new ExpressReceiver({ signingSecret: settings.signingSecret, logLevel: LogLevel.WARN, ...installer() });
    case 'socket':
      return new SocketModeReceiver({
        appToken: settings.appToken,
        clientPingTimeout: settings.clientPingTimeout, // it also waits that long before it reconnects
        installerOptions: { clientOptions },
        logLevel: LogLevel.WARN,
      });
    default:
      throw new Error(`no receiver ${settings.receiver}`);
  }
}

const app = new App({ token: settings.token, receiver: receiver(), clientOptions, logLevel: LogLevel.WARN });

const plain = (text) => ({ type: 'plain_text', text });
const mrkdwn = (text) => ({ type: 'mrkdwn', text });
const option = (text, value) => ({ text: plain(text), value });
const button = (text, action_id, value) => ({ type: 'button', text: plain(text), action_id, value });

function card(who) {
  return {
    text: `${who} asks for access`,
    blocks: [
      { type: 'header', text: plain('Access request') },
      { type: 'section', block_id: 'who', text: mrkdwn(`*${who}* asks for access`) },
      {
        type: 'section',
        block_id: 'groups',
        text: mrkdwn('Access groups'),
        accessory: {
          type: 'multi_external_select', action_id: 'groups', placeholder: plain('Choose groups'), min_query_length: 1,
        },
      },
      {
        type: 'actions',
        block_id: 'decide',
        elements: [
          { ...button('Approve', 'approve', who), style: 'primary' },
          { ...button('Reject', 'reject', who), style: 'danger' },
          {
            type: 'overflow', action_id: 'more', options: [option('Ask a colleague', 'ask'), option('Delete', 'delete')],
          },
        ],
      },
    ],
    metadata: { event_type: 'access_request', event_payload: { who } },
  };
}

// A request comes in: by say(), with metadata, and one reply in its thread.
app.command('/request', async ({ ack, command, say }) => {
  await ack();
  const posted = await say(card(command.text));
  await say({ text: 'No NDA has been signed.', thread_ts: posted.ts });
});

// Menus that the app fills: flat and in groups.
app.options('groups', async ({ options, ack }) => {
  const all = ['Auditors', 'Customers', 'Partners'];
  const found = all.filter((name) => name.toLowerCase().startsWith(options.value.toLowerCase()));
  await ack({ options: found.map((name) => option(name, name.toLowerCase())) });
});

app.options({ block_id: 'reason', action_id: 'template' }, async ({ ack }) => {
  await ack({
    option_groups: [
      { label: plain('Short'), options: [option('Not now', 'not_now')] },
      { label: plain('Long'), options: [option('Not without a contract', 'no_contract')] },
    ],
  });
});

app.action('groups', async ({ ack }) => ack());

app.action('approve', async ({ ack, action, body, client }) => {
  await ack();
  const groups = body.state.values.groups.groups.selected_options.map((o) => o.text.text);
  const text = `${action.value} was approved by <@${body.user.id}> for ${groups.join(' and ') || 'nothing'}`;
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text,
    blocks: [{ type: 'section', text: mrkdwn(text) }],
    metadata: { event_type: 'access_decided', event_payload: { who: action.value, approved: true } },
  });
});

// An overflow menu that answers by response_url.
app.action('more', async ({ ack, action, respond }) => {
  await ack();
  if (action.selected_option.value === 'delete') {
    await respond({ delete_original: true });
    return;
  }
  await respond({
    response_type: 'ephemeral',
    replace_original: false,
    text: 'Whom do you want to ask?',
    blocks: [
      { type: 'section', text: plain('Whom do you want to ask?') },
      { type: 'actions', elements: [button('Nobody', 'nobody', 'x'), button('Everybody', 'everybody', 'x')] },
    ],
  });
});

app.action('nobody', async ({ ack, respond }) => {
  await ack();
  await respond({ delete_original: true });
});

app.action('everybody', async ({ ack, respond }) => {
  await ack();
  await respond({ replace_original: true, text: 'All were asked.' });
  await respond({ response_type: 'in_channel', replace_original: false, text: 'Does anybody know this person?' });
});

// Modals: opened from a trigger, answered in each way that Slack knows.
function rejection(context, title = 'Reject') {
  return {
    type: 'modal',
    callback_id: 'rejection',
    title: plain(title),
    submit: plain('Send'),
    close: plain('Cancel'),
    notify_on_close: true,
    private_metadata: JSON.stringify(context),
    blocks: [
      {
        type: 'input', block_id: 'note', label: plain('Note'), optional: true,
        element: { type: 'plain_text_input', action_id: 'text', multiline: true },
      },
      {
        type: 'input', block_id: 'reason', label: plain('Reason'), optional: true,
        element: { type: 'external_select', action_id: 'template', min_query_length: 0 },
      },
      { type: 'actions', block_id: 'tools', elements: [button('Help', 'help', 'x'), button('Look up', 'look_up', 'x')] },
    ],
  };
}

app.action('reject', async ({ ack, action, body, client }) => {
  await ack();
  const context = { channel: body.channel.id, ts: body.message.ts, who: action.value };
  await client.views.open({ trigger_id: body.trigger_id, view: rejection(context) });
});

app.action('help', async ({ ack, body, client }) => {
  await ack();
  await client.views.push({
    trigger_id: body.trigger_id,
    view: { type: 'modal', title: plain('Help'), blocks: [{ type: 'section', text: plain('Be kind.') }] },
  });
});

app.action('look_up', async ({ ack, body, client }) => {
  await ack();
  const { id, hash, private_metadata } = body.view;
  const context = JSON.parse(private_metadata);
  await client.views.update({ view_id: id, hash, view: rejection(context, `Reject ${context.who}`) });
});

app.view('rejection', async ({ ack, view, body, client }) => {
  const context = JSON.parse(view.private_metadata);
  const note = view.state.values.note.text.value;
  const template = view.state.values.reason.template.selected_option?.value;
  switch (note ?? template) {
    case undefined:
      await ack({ response_action: 'errors', errors: { note: 'Give a note or a reason.' } });
      return;
    case 'update':
      await ack({ response_action: 'update', view: rejection(context, 'Once more') });
      return;
    case 'push':
      await ack({
        response_action: 'push',
        view: {
          type: 'modal', callback_id: 'sure', title: plain('Are you sure?'), submit: plain('Yes'),
          private_metadata: view.private_metadata,
          blocks: [{ type: 'section', text: plain(`Reject ${context.who}`) }],
        },
      });
      return;
    default:
      await ack();
      await client.chat.update({
        channel: context.channel, ts: context.ts, blocks: [],
        text: `${context.who} was rejected by <@${body.user.id}>: ${note ?? template}`,
      });
  }
});

app.view('sure', async ({ ack, view, body, client }) => {
  await ack({ response_action: 'clear' });
  const context = JSON.parse(view.private_metadata);
  await client.chat.update({
    channel: context.channel, ts: context.ts, blocks: [], text: `${context.who} was rejected by <@${body.user.id}>, surely`,
  });
});

app.view({ callback_id: 'rejection', type: 'view_closed' }, async ({ ack, view, body, client }) => {
  await ack();
  const { channel, ts } = JSON.parse(view.private_metadata);
  await client.chat.postEphemeral({ channel, user: body.user.id, thread_ts: ts, text: 'Nothing was rejected.' });
});

// A slash command that answers in the ack, or later.
app.command('/requests', async ({ ack, command, respond }) => {
  switch (command.text) {
    case 'help':
      await ack('Try `/requests open`.');
      return;
    case 'open':
      await ack({ response_type: 'in_channel', text: 'None is open.', blocks: [{ type: 'section', text: plain('None is open.') }] });
      return;
    default:
      await ack();
      await respond(`There is no request ${command.text}.`);
      await respond({ response_type: 'in_channel', text: `Who knows ${command.text}?` });
  }
});

// What the workspace can be asked: each answer is one line of a reply.
app.command('/ask', async ({ ack, command, client, respond }) => {
  await ack();
  const lines = [`asked in #${command.channel_name} by ${command.user_name} with ${command.command}`];
  const { user } = await client.users.info({ user: command.user_id });
  lines.push(`you are ${user.real_name} <${user.profile.email}> of ${user.team_id}`);
  const names = [];
  for await (const page of client.paginate('users.list', { limit: 2 })) {
    names.push(page.members.map((m) => m.name).join(','));
  }
  lines.push(`people ${names.join(' | ')}`);
  const found = await client.users.lookupByEmail({ email: user.profile.email });
  lines.push(`found ${found.user.id}`);
  const { usergroups } = await client.usergroups.list({ include_users: true, include_count: true });
  lines.push(`groups ${usergroups.map((g) => `@${g.handle}=${g.users.join(',')}(${g.user_count})`).join(' ')}`);
  const { users } = await client.usergroups.users.list({ usergroup: usergroups[0].id });
  lines.push(`members ${users.join(',')}`);
  const { channel } = await client.conversations.info({ channel: command.channel_id, include_num_members: true });
  lines.push(`channel #${channel.name} of ${channel.num_members}`);
  const history = await client.conversations.history({ channel: command.channel_id, include_all_metadata: true });
  const request = history.messages.find((m) => m.metadata?.event_type === 'access_request');
  lines.push(`request of ${request.metadata.event_payload.who} with ${request.reply_count} reply`);
  const { messages } = await client.conversations.replies({ channel: command.channel_id, ts: request.ts });
  lines.push(`thread ${messages.map((m) => m.text).join(' / ')}`);
  await respond(lines.join('\n'));
});

// Shortcuts: a global one opens a modal, one of a message answers by
// response_url.
app.shortcut({ callback_id: 'new_request', type: 'shortcut' }, async ({ ack, shortcut, client }) => {
  await ack();
  await client.views.open({
    trigger_id: shortcut.trigger_id,
    view: {
      type: 'modal', callback_id: 'new_request', title: plain('New request'), submit: plain('Ask'),
      blocks: [
        {
          type: 'input', block_id: 'where', label: plain('Channel'),
          element: { type: 'conversations_select', action_id: 'channel' },
        },
        { type: 'input', block_id: 'who', label: plain('Who'), element: { type: 'plain_text_input', action_id: 'text' } },
      ],
    },
  });
});

app.view('new_request', async ({ ack, view, client }) => {
  await ack();
  const { where, who } = view.state.values;
  await client.chat.postMessage({ channel: where.channel.selected_conversation, ...card(who.text.value) });
});

app.shortcut({ callback_id: 'look_up', type: 'message_action' }, async ({ ack, shortcut, respond }) => {
  await ack();
  await respond({
    response_type: 'ephemeral', replace_original: false,
    text: `${shortcut.message.user} wrote in #${shortcut.channel.name}: ${shortcut.message.text}`,
  });
});

// The Home tab.
function home(count, word = 'Counted') {
  return {
    type: 'home',
    private_metadata: String(count),
    blocks: [
      { type: 'section', text: plain(`${word} ${count}`) },
      { type: 'actions', elements: [button('Count', 'count', String(count + 1))] },
    ],
  };
}

app.event('app_home_opened', async ({ event, client }) => {
  const view = event.view === undefined ? home(0) : home(Number(event.view.private_metadata), 'Back at');
  await client.views.publish({ user_id: event.user, hash: event.view?.hash, view });
});

app.action('count', async ({ ack, action, body, client }) => {
  await ack();
  await client.views.publish({ user_id: body.user.id, hash: body.view.hash, view: home(Number(action.value)) });
});

process.stdin.resume().on('end', async () => {
  await app.stop();
  process.exit(0);
});
const server = await app.start(0);
console.log(`ready ${settings.receiver === 'socket' ? 0 : server.address().port}`);
