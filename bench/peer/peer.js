// What teams write today instead of Frontdesk: one Bolt app that acknowledges
// the click, looks up who clicked, approves upstream and rewrites the message.
// It keeps nothing, so a crash after the acknowledgement loses the decision.
import bolt from '@slack/bolt';

const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL, CONVEYOR_API_URL, CONVEYOR_KEY, PORT } = process.env;

const app = new bolt.App({
  token: SLACK_BOT_TOKEN,
  signingSecret: SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: SLACK_API_URL },
});

async function authorize(requestID, reviewerEmail) {
  const response = await fetch(`${CONVEYOR_API_URL}/exchange/authorizations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': CONVEYOR_KEY },
    body: JSON.stringify({ request_id: requestID, reviewer_email: reviewerEmail, access_group_ids: [] }),
  });
  if (!response.ok) throw new Error(`Conveyor answered ${response.status}`);
  return response.json();
}

app.action('approve', async ({ ack, action, body, client }) => {
  await ack();
  const { user } = await client.users.info({ user: body.user.id });
  const authorization = await authorize(action.value, user.profile.email);
  const outcome = `Approved by <@${user.id}>, standard access for ${authorization.email}`;
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text: outcome,
    blocks: [
      ...body.message.blocks.filter((block) => block.type !== 'actions' && !block.accessory),
      { type: 'section', block_id: 'outcome', text: { type: 'mrkdwn', text: outcome } },
    ],
  });
});

await app.start({ port: Number(PORT), host: '127.0.0.1' });
