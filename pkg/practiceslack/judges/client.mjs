// Slack's own client, driven from outside: each line of standard input is a call
// {method, args, token?, paginate?, options?}, each line of standard output is
// what the client gave or threw. Its only argument is JSON: apiURL and token.
import readline from 'node:readline';
import { LogLevel, SlackError, WebAPIPlatformError, WebAPIHTTPError, WebAPIRequestError, WebAPIRateLimitedError, WebClient } from '@slack/web-api';

const settings = JSON.parse(process.argv[2]);

// The log of the client would repeat each refusal that it throws.
const quiet = { logLevel: LogLevel.ERROR, logger: undefined };

function kind(error) {
  for (const k of [WebAPIPlatformError, WebAPIHTTPError, WebAPIRequestError, WebAPIRateLimitedError]) {
    if (error instanceof k && error instanceof SlackError) return k.name;
  }
  throw error;
}

async function call({ method, args, token, paginate, options }) {
  const client = new WebClient(token ?? settings.token, { ...quiet, slackApiUrl: settings.apiURL, ...options });
  let limited = 0;
  client.on?.('rate_limited', () => { limited += 1; });
  try {
    if (paginate) {
      const pages = [];
      for await (const page of client.paginate(method, args)) pages.push(page);
      return { ok: true, pages };
    }
    // The typed method, such as client.chat.postMessage.
    const { owner, fn } = method.split('.').reduce(({ fn: owner }, name) => ({ owner, fn: owner[name] }), { fn: client });
    return { ok: true, result: await fn.call(owner, args), limited };
  } catch (error) {
    return {
      ok: false, kind: kind(error), code: error.code, data: error.data, message: error.message,
      status: error.statusCode, retryAfter: error.retryAfter,
    };
  }
}

console.log('ready 0');
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call(JSON.parse(line))));
}
