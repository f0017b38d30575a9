// What the bench compares with: a Bolt app that answers npm's E-codes in the thread, found by one regular expression, and keeps a
// row for each in SQLite. Everything it needs comes from the environment.
const { App, HTTPReceiver, SocketModeReceiver, LogLevel } = require('@slack/bolt');
const Database = require('better-sqlite3');

const db = new Database(process.env.BENCH_DATABASE);
db.pragma('journal_mode = WAL');
// As npmfix does: what was met is on the disk before it is answered.
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE IF NOT EXISTS met (team TEXT, channel TEXT, ts TEXT, code TEXT, UNIQUE (team, channel, ts))');
const insert = db.prepare('INSERT OR IGNORE INTO met VALUES (?, ?, ?, ?)');

const clientOptions = { slackApiUrl: process.env.SLACK_API_URL };
const logLevel = LogLevel.ERROR;
const receiver = process.env.SLACK_APP_TOKEN
  ? new SocketModeReceiver({ appToken: process.env.SLACK_APP_TOKEN, clientOptions, installerOptions: { clientOptions }, logLevel })
  : new HTTPReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET, logLevel });
const app = new App({ token: process.env.SLACK_BOT_TOKEN, receiver, clientOptions, logLevel });

const FAILURE = /npm (?:ERR!|error) code (E40[0-9])/;

app.message(async ({ message, client, context }) => {
  const found = FAILURE.exec(message.text || '');
  if (!found) return;
  if (insert.run(context.teamId, message.channel, message.ts, found[1]).changes === 0) return;
  const text = `The registry wants a valid login (${found[1]})`;
  await client.chat.postMessage({
    channel: message.channel,
    thread_ts: message.thread_ts || message.ts,
    text,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text } },
      { type: 'section', text: { type: 'mrkdwn', text: 'Log in again: `npm login`', verbatim: true } },
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
});

app.start(Number(process.env.PORT || 0));
